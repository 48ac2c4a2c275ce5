import { expect } from 'chai';
import type { RolloutState } from '../../../../src/core/api/seccomp-profile.ts';
import { stepText } from '../../../../src/core/rollout/event.ts';
import type { PlannedStage } from '../../../../src/core/rollout/plan.ts';

const PLAN = [
  { mode: 'Audit', nodeSelector: undefined },
  { mode: 'Enforce', nodeSelector: { canary: 'true' } },
] as PlannedStage[];
const state = (stage: number, phase: RolloutState['phase'], more: Partial<RolloutState> = {}): RolloutState => ({
  stage,
  stages: 2,
  phase,
  since: '',
  strictDigest: 'sha256:a',
  plan: [],
  ...more,
});

describe('an Event of a rollout', () => {
  const SOAKING = state(1, 'Soaking');
  const cases: [string, RolloutState | undefined, RolloutState, string | undefined][] = [
    [
      'tells that it began',
      undefined,
      state(1, 'WaitingForNodes'),
      'RolloutStarted stage 1 of 2 begins: Audit on all nodes',
    ],
    [
      'tells of other rules',
      SOAKING,
      state(1, 'WaitingForNodes', { strictDigest: 'b' }),
      'RolloutStarted stage 1 of 2',
    ],
    [
      'tells of the next stage',
      SOAKING,
      state(2, 'WaitingForNodes'),
      'RolloutPromoted stage 2 of 2 begins: Enforce on canary=true',
    ],
    ['tells that it is complete', SOAKING, state(2, 'Completed'), 'RolloutCompleted stage 2 of 2 is passed'],
    [
      'warns that it is held',
      SOAKING,
      state(1, 'Held', { waitingFor: 'you' }),
      'RolloutHeld stage 1 of 2 waits for you',
    ],
    [
      'warns that it went back',
      state(2, 'Soaking'),
      state(1, 'RolledBack'),
      'RolloutRolledBack stage 1 of 2 waits for',
    ],
    ['tells of a pause', SOAKING, state(1, 'Paused'), 'RolloutPaused paused at stage 1 of 2'],
    ['tells that it goes on', state(1, 'Held'), state(1, 'Soaking'), 'RolloutResumed stage 1 of 2 goes on'],
    [
      'warns of a request that is refused',
      SOAKING,
      { ...SOAKING, request: 'x', answer: 'refused: no' },
      'RolloutRequestRefused refused: no',
    ],
    ['does not tell of what comes along', state(1, 'WaitingForPods'), SOAKING, undefined],
    ['does not tell twice', state(1, 'Held'), state(1, 'Held'), undefined],
  ];
  for (const [what, before, after, expected] of cases) {
    it(what, () => {
      const text = stepText(before, after, PLAN);
      if (expected === undefined) expect(text).to.equal(undefined);
      else expect(`${text?.reason} ${text?.note}`).to.include(expected);
    });
  }
});
