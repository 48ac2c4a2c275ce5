import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../../src/cli/command.ts';
import { lint } from '../../../src/cli/commands/lint.ts';

const MANIFEST = `apiVersion: seccomp-operator.dev/v1alpha1
kind: SeccompProfile
metadata:
  name: quiet
spec:
  defaultAction: SCMP_ACT_ALLOW
  architectures: [SCMP_ARCH_X86]
  syscalls:
    - names: [uretprobe]
      action: SCMP_ACT_ERRNO
---
apiVersion: seccomp-operator.dev/v1alpha1
kind: SeccompProfile
metadata:
  name: typo
spec:
  defaultAction: SCMP_ACT_ALLOW
  architectures: [SCMP_ARCH_X86]
  syscalls:
    - names: [reboot]
      action: SCMP_ACT_ERRNO
    - names: [mkdirr]
      action: SCMP_ACT_ERRNO
      args:
        - {index: 0, op: SCMP_CMP_EQ, value: 1}
        - {index: 1, op: SCMP_CMP_LT, value: 0}
`;

interface Sarif {
  version: string;
  runs: {
    tool: { driver: { name: string; rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
    }[];
  }[];
}

describe('kubectl seccomp lint', () => {
  let folder: string;
  let file: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lint-'));
    file = join(folder, 'profiles.yaml');
    writeFileSync(file, MANIFEST);
  });

  after(() => rmSync(folder, { recursive: true }));

  const run = (operand: string, options: Record<string, string> = {}) =>
    lint.run({
      operands: [operand],
      options: { runtime: 'any', 'privilege-escalation': 'any', arch: 'amd64', 'fail-on': 'error', ...options },
    });

  it('ends with 1 when a profile starts no container, and says what to allow', async () => {
    const { text, code } = await run('examples/seed.yaml', { runtime: 'crun', 'privilege-escalation': 'false' });
    expect(code).to.equal(1);
    expect(text).to.include('no container starts on crun with allowPrivilegeEscalation: false');
    expect(text).to.include('Allow arch_prctl, execve.');
    expect(text).to.include('1 error, ');
    expect(text.split('\n').filter(line => line.length > 100)).to.deep.equal([]);
  });

  it('ends with 1 from the severity on that is asked for', async () => {
    const codes = ['error', 'warning', 'never'].map(async each => (await run(file, { 'fail-on': each })).code);
    expect(await Promise.all(codes)).to.deep.equal([0, 1, 0]);
  });

  it('prints findings as JSON by profile', async () => {
    const { text } = await run(file, { output: 'json' });
    const profiles = JSON.parse(text) as { name: string; findings: { rule: string; where: { field: string } }[] }[];
    expect(profiles.map(({ name }) => name)).to.deep.equal(['quiet', 'typo']);
    expect(profiles[1]?.findings.map(({ rule, where }) => `${rule} ${where.field}`)).to.include(
      'constant-condition spec.syscalls[1].args[1]',
    );
  });

  it('prints findings as SARIF, with the lines of the file', async () => {
    const { text } = await run(file, { output: 'sarif' });
    const { version, runs } = JSON.parse(text) as Sarif;
    expect(version).to.equal('2.1.0');
    const [only] = runs;
    const lines = only?.results.map(({ ruleId, level, locations: [place] }) => [
      ruleId,
      level,
      place?.physicalLocation.region.startLine,
    ]);
    expect(lines).to.deep.include(['unknown-syscall', 'warning', 22]);
    expect(lines).to.deep.include(['constant-condition', 'warning', 26]);
    expect(lines).to.deep.include(['never-filtered', 'note', 9]);
    for (const { ruleId, ruleIndex } of only?.results ?? []) {
      expect(only?.tool.driver.rules[ruleIndex]?.id).to.equal(ruleId);
    }
  });

  for (const [what, options] of [
    ['a runtime', { runtime: 'gvisor' }],
    ['an architecture', { arch: 'sparc' }],
    ['a severity', { 'fail-on': 'often' }],
    ['a kernel', { kernel: 'new' }],
    ['a format', { output: 'xml' }],
  ] as const) {
    it(`refuses ${what} that it does not know`, async () => {
      const error = await Promise.resolve()
        .then(() => run(file, options))
        .catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(UsageError);
    });
  }
});
