// The whole test set. SECCOMP_OPERATOR_E2E=off leaves out what needs root: clusters with real nodes.
const spec = ['unit', 'golden', 'contract', 'integration'].map(kind => `test/${kind}/**/*.test.ts`);
// Of chaos the short form; whether its auditor finds defects takes minutes, and changes with the auditor only.
if (process.env.SECCOMP_OPERATOR_E2E !== 'off') spec.push('test/e2e/**/*.test.ts', 'test/chaos/chaos.test.ts');

module.exports = {
  spec,
  reporter: 'test/support/reporter.cjs',
  parallel: true,
  jobs: 2,
  timeout: 180_000,
  'forbid-only': true,
  'forbid-pending': true,
};
