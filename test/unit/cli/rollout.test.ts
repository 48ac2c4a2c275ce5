import { expect } from 'chai';
import { UsageError } from '../../../src/cli/command.ts';
import { printTable } from '../../../src/cli/output.ts';
import { notesOf, rolloutRows, stageRows } from '../../../src/cli/rollout-text.ts';
import type { RolloutState, SeccompProfile } from '../../../src/core/api/seccomp-profile.ts';
import { kubectlSeccomp } from '../../support/cli.ts';

const profile = (rollout?: RolloutState): SeccompProfile => ({
  apiVersion: 'seccomp-operator.dev/v1alpha1',
  kind: 'SeccompProfile',
  metadata: { name: 'web' },
  spec: {
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
    rollout: {
      stages: [
        { mode: 'Audit', soak: '24h' },
        { mode: 'Enforce', soak: '4h', nodeSelector: { canary: 'true' } },
        { mode: 'Enforce', soak: '1h' },
      ],
    },
  },
  ...(rollout ? { status: { rollout } } : {}),
});
const STATE: RolloutState = {
  stage: 2,
  stages: 3,
  phase: 'Soaking',
  waitingFor: '4h under stage 2; 1h2m so far',
  since: '2026-11-24T10:00:00Z',
  soakedSeconds: 3_725,
  strictDigest: '',
  plan: [],
  evidence: { nodes: 1, pods: 3, outdatedPods: 2, violations: 0 },
  answer: 'promote at stage 1: now 2/3 WaitingForNodes',
  history: [
    { stage: 1, mode: 'Audit', outcome: 'Promoted', since: '', until: '2026-11-24T10:00:00Z', pods: 12, violations: 1 },
  ],
};

describe('what kubectl seccomp says of a rollout', () => {
  it('is a line for each stage', () => {
    expect(printTable(stageRows(profile(STATE)))).to.equal(
      `STAGE  MODE     NODES        SOAK        PODS  VIOLATIONS  STATE
1      Audit    all nodes    24h         12    1           Promoted 2026-11-24T10:00:00Z
2      Enforce  canary=true  1h2m of 4h  3     0           Soaking since 2026-11-24T10:00:00Z
3      Enforce  all nodes    1h          -     -           -
`,
    );
    expect(notesOf(profile(STATE))).to.deep.equal([
      'Waiting for 4h under stage 2; 1h2m so far.',
      'Pods that started before this stage and keep the filter they have: 2.',
      'Asked last: promote at stage 1: now 2/3 WaitingForNodes.',
    ]);
  });

  it('names a stage that was taken back as one that is still to come', () => {
    const [back] = STATE.history ?? [];
    const history = back ? [{ ...back, stage: 2, outcome: 'RolledBack' as const }, back] : [];
    const rows = stageRows(profile({ ...STATE, stage: 1, phase: 'RolledBack', history }));
    expect(rows[1]?.at(-1)).to.equal('RolledBack since 2026-11-24T10:00:00Z');
    expect(rows[2]?.slice(3)).to.deep.equal(['4h', '-', '-', 'RolledBack 2026-11-24T10:00:00Z']);
  });

  it('is a line for each profile that has one', () => {
    const { rollout: _, ...spec } = profile().spec;
    const rows = rolloutRows([profile(STATE), { ...profile(), spec }, profile()]);
    expect(rows.slice(1)).to.deep.equal([
      ['web', '2/3', 'Enforce', 'Soaking', '3', '0', '4h under stage 2; 1h2m so far'],
      ['web', '-', '-', '-', '-', '-', 'the operator has not seen it yet'],
    ]);
  });

  it('says what is wrong with a command line', async () => {
    const wrong = [
      [['rollout', 'abort', 'web'], 'rollout abort: use status, pause, resume, promote, undo'],
      [['rollout', 'promote'], 'rollout promote takes the NAME of a profile'],
      [['render', 'examples/seed.yaml', '--mode', 'Log'], '--mode Log: use Audit, Enforce, Kill'],
    ] as const;
    for (const [args, message] of wrong) {
      const error = await kubectlSeccomp(...args).catch((thrown: Error) => thrown);
      expect(error).to.be.instanceOf(UsageError).with.property('message', message);
    }
  });
});
