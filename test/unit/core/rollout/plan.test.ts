import { expect } from 'chai';
import type { SeccompProfileSpec, Stage } from '../../../../src/core/api/seccomp-profile.ts';
import {
  formatDuration,
  nodesOf,
  parseDuration,
  planOf,
  selectedKeys,
  strictDigestOf,
} from '../../../../src/core/rollout/plan.ts';

const RULES: SeccompProfileSpec = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
};
const plan = (stage: Partial<Stage>, spec: Partial<SeccompProfileSpec> = {}) =>
  planOf({ ...RULES, ...spec, rollout: { stages: [{ mode: 'Enforce', soak: '1h', ...stage }] } })[0];

describe('a stage', () => {
  it('says what its fields say when they are not given', () => {
    expect(plan({})).to.deep.include({
      nodeSelector: undefined,
      soakSeconds: 3_600,
      minPods: 1,
      maxViolations: 0,
      rollsBack: false,
    });
    expect(plan({ nodeSelector: {} })?.nodeSelector, 'selects all').to.equal(undefined);
  });

  it('is the same one as long as mode and nodes are, in whatever order its labels are', () => {
    const signature = (stage: Partial<Stage>) => plan(stage)?.signature;
    const labels = { a: '1', b: '2' };
    expect(signature({ nodeSelector: labels, soak: '1s', minPods: 5 })).to.equal(
      signature({ nodeSelector: { b: '2', a: '1' } }),
    );
    expect(signature({ mode: 'Kill' })).not.to.equal(signature({}));
    expect(signature({ nodeSelector: labels })).not.to.equal(signature({}));
  });

  const SILENT: [string, Partial<Stage>, Partial<SeccompProfileSpec>, boolean][] = [
    ['refuses silently with error numbers', {}, {}, true],
    ['is heard with the flag that logs', {}, { flags: ['SECCOMP_FILTER_FLAG_LOG'] }, false],
    ['is heard in Audit', { mode: 'Audit' }, {}, false],
    ['is heard where it kills', {}, { defaultAction: 'SCMP_ACT_KILL_PROCESS' }, false],
  ];
  for (const [what, stage, spec, isSilent] of SILENT) {
    it(what, () => {
      expect(plan(stage, spec)?.isSilent).to.equal(isSilent);
    });
  }

  it('names its nodes as kubectl does', () => {
    expect(nodesOf({ nodeSelector: { canary: 'true', zone: 'a' } })).to.equal('canary=true,zone=a');
    expect(nodesOf({ nodeSelector: undefined })).to.equal('all nodes');
  });
});

describe('a time', () => {
  for (const [text, seconds] of [
    ['24h', 86_400],
    ['1h30m', 5_400],
    ['90s', 90],
    ['0s', 0],
  ] as const) {
    it(`of ${text} is ${seconds} seconds`, () => {
      expect(parseDuration(text)).to.equal(seconds);
    });
  }

  for (const [seconds, text] of [
    [0, '0s'],
    [59.9, '59s'],
    [90, '1m30s'],
    [3_600, '1h'],
    [12_059, '3h20m'],
    [100_000, '27h46m'],
  ] as const) {
    it(`of ${seconds} seconds reads ${text}`, () => {
      expect(formatDuration(seconds)).to.equal(text);
    });
  }
});

describe('the rules that are rolled out', () => {
  it('are the same in every mode, whatever the order of names', () => {
    const digest = strictDigestOf(RULES);
    expect(strictDigestOf({ ...RULES, mode: 'Audit' })).to.equal(digest);
    expect(strictDigestOf({ ...RULES, syscalls: [{ action: 'SCMP_ACT_ALLOW', names: ['read'] }] })).to.equal(digest);
  });

  it('are others with another call or architecture', () => {
    const other: SeccompProfileSpec = { ...RULES, architectures: ['SCMP_ARCH_ARM'] };
    expect(strictDigestOf(other)).not.to.equal(strictDigestOf(RULES));
    expect(strictDigestOf({ defaultAction: 'SCMP_ACT_ERRNO' })).not.to.equal(strictDigestOf(RULES));
  });
});

it('the labels that rollouts select by are those of all their stages', () => {
  const stages: Stage[] = [
    { mode: 'Audit', soak: '1s', nodeSelector: { a: '1', b: '2' } },
    { mode: 'Enforce', soak: '1s', nodeSelector: { b: '3' } },
  ];
  expect([...selectedKeys([undefined, { stages }])]).to.deep.equal(['a', 'b']);
});
