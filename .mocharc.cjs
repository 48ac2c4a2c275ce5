// The whole test set. SECCOMP_OPERATOR_E2E=off leaves out what needs root: clusters with real nodes.
const kinds = ['unit', 'golden', 'contract', 'integration'];
if (process.env.SECCOMP_OPERATOR_E2E !== 'off') kinds.push('e2e');

module.exports = {
  spec: kinds.map(kind => `test/${kind}/**/*.test.ts`),
  reporter: 'test/support/reporter.cjs',
  parallel: true,
  jobs: 2,
  timeout: 180_000,
  'forbid-only': true,
  'forbid-pending': true,
};
