import { expect } from 'chai';
import fc from 'fast-check';
import type { RolloutState, Stage } from '../../../../src/core/api/seccomp-profile.ts';
import type { Evidence } from '../../../../src/core/rollout/evidence.ts';
import { planOf } from '../../../../src/core/rollout/plan.ts';
import { advance, canGoBack, isLatched, type Look, settle } from '../../../../src/core/rollout/state.ts';

const NOW = new Date('2026-11-24T10:00:00Z');
const AUDIT: Stage = { mode: 'Audit', soak: '60s' };
const CANARY: Stage = { mode: 'Enforce', soak: '30s', nodeSelector: { canary: 'true' }, onViolations: 'RollBack' };
const ALL: Stage = { mode: 'Enforce', soak: '10s' };
const STAGES = [AUDIT, CANARY, ALL];

const GOOD: Evidence = {
  installed: true,
  nodes: 2,
  pods: 3,
  outdatedPods: 0,
  watched: true,
  newViolations: 0,
  violationsInReports: 0,
};
const file = (digest: string) => [{ key: 'profile.json', digest }];

/** A rollout as a person follows it: every step takes the state as the API server would give it back. */
class Follower {
  stages: readonly Stage[];
  strict = 'sha256:a';
  published: { key: string; digest: string }[] = [];
  last: { key: string; digest: string }[] = file('sha256:enforced');
  evidence = GOOD;
  request: string | undefined;
  state: RolloutState;

  constructor(stages: readonly Stage[] = STAGES, more: Partial<Follower> = {}) {
    this.stages = stages;
    Object.assign(this, more);
    this.state = this.settle(undefined);
  }

  get plan() {
    return planOf({ defaultAction: 'SCMP_ACT_LOG', rollout: { stages: [...this.stages] } });
  }

  settle(state: RolloutState | undefined = this.state): RolloutState {
    const { plan, strict: strictDigest, published, last, request } = this;
    const rules = { plan, strictDigest, published, last, request };
    this.state = reread(settle(state && reread(state), rules, NOW));
    return this.state;
  }

  /** Looks once, after so many seconds of soaking. */
  look(seconds = 0, evidence: Partial<Evidence> = {}): string {
    this.evidence = { ...this.evidence, newViolations: 0, ...evidence };
    const look: Look = {
      plan: this.plan,
      evidence: this.evidence,
      soakedMs: seconds * 1_000,
      request: this.request,
      now: NOW,
    };
    this.state = reread(advance(this.state, look));
    return this.state.summary ?? '';
  }

  ask(request: string, evidence: Partial<Evidence> = {}): string {
    this.request = request;
    return this.look(0, evidence);
  }

  /** Through as many stages as there are. */
  pass(stages: number): this {
    for (let passed = 0; passed < stages; passed++) {
      this.look();
      this.look();
      this.look(3_600);
    }
    return this;
  }
}

const reread = (state: RolloutState): RolloutState => JSON.parse(JSON.stringify(state));
const outcomes = ({ history = [] }: RolloutState) => history.map(({ stage, outcome }) => `${stage} ${outcome}`);

describe('a rollout', () => {
  it('goes from stage to stage, each after its time with Pods under it', () => {
    const rollout = new Follower();
    expect(rollout.state.summary).to.equal('1/3 WaitingForNodes');
    expect(rollout.look(0, { installed: 'waiting for node-b', pods: 0 })).to.equal('1/3 WaitingForNodes');
    expect(rollout.state.waitingFor).to.equal('nodes to hold the form of stage 1: waiting for node-b');
    expect(rollout.look(0, { installed: true, outdatedPods: 2 })).to.equal('1/3 WaitingForPods');
    expect(rollout.state.installedAt).to.equal('2026-11-24T10:00:00Z');
    expect(rollout.state.waitingFor).to.include('1 Pod to be ready that started under stage 1; 0 so far. 2 Pods');
    expect(rollout.look(999, { pods: 1, outdatedPods: 1 })).to.equal('1/3 Soaking');
    expect(rollout.look(59)).to.equal('1/3 Soaking');
    expect(rollout.state.waitingFor).to.equal('1m under stage 1; 59s so far');
    expect(rollout.look(1)).to.equal('2/3 WaitingForNodes');
    expect(rollout.pass(1).state.summary).to.equal('3/3 WaitingForNodes');
    expect(rollout.pass(1).state.summary).to.equal('3/3 Completed');
    expect(rollout.state).not.to.have.property('waitingFor');
    expect(outcomes(rollout.state)).to.deep.equal(['3 Completed', '2 Promoted', '1 Promoted']);
    expect(rollout.look(9, { newViolations: 99, pods: 0 })).to.equal('3/3 Completed');
  });

  it('waits for Pods, nodes with the labels and reports, whatever the time', () => {
    const rollout = new Follower().pass(1);
    expect(rollout.look(99, { nodes: 0, pods: 0 })).to.equal('2/3 WaitingForNodes');
    expect(rollout.state.waitingFor).to.equal('a node with the labels canary=true: label one, or promote by hand');
    expect(rollout.look(99, { nodes: 1 })).to.equal('2/3 WaitingForPods');
    expect(rollout.look(99, { pods: 1, watched: 'not on node-a' })).to.equal('2/3 WaitingForReports');
    expect(rollout.state.waitingFor).to.equal('violations to be counted, else none is no evidence: not on node-a');
    expect(rollout.look(99)).to.equal('2/3 WaitingForReports');
  });

  it('stops the time while there are too few Pods, and does not begin it anew', () => {
    const rollout = new Follower();
    rollout.look();
    rollout.look(40);
    expect(rollout.look(5, { pods: 0 })).to.equal('1/3 WaitingForPods');
    expect(rollout.look(500, { pods: 1 })).to.equal('1/3 Soaking');
    expect(rollout.state.soakedSeconds).to.equal(45);
    expect(rollout.look(15)).to.equal('2/3 WaitingForNodes');
  });

  it('goes on without any evidence where it is told to', () => {
    const rollout = new Follower([{ ...CANARY, minPods: 0 }, ALL]);
    rollout.look(0, { nodes: 0, pods: 0, watched: 'nowhere' });
    expect(rollout.look(30)).to.equal('2/2 WaitingForNodes');
  });

  it('holds on violations, and stays so until somebody acts', () => {
    const rollout = new Follower([{ ...AUDIT, maxViolations: 2 }, ALL]);
    expect(rollout.look(0)).to.equal('1/2 Soaking');
    expect(rollout.look(59, { newViolations: 2 })).to.equal('1/2 Soaking');
    expect(rollout.look(1, { newViolations: 1 })).to.equal('1/2 Held');
    expect(rollout.state.waitingFor).to.match(/^somebody to act: 3 violations at stage 1, and 2 are allowed\./);
    expect(rollout.look(9_999)).to.equal('1/2 Held');
    expect(rollout.ask('resume')).to.equal('1/2 Soaking');
    expect(rollout.state).to.deep.include({ soakedSeconds: 0, installedAt: '2026-11-24T10:00:00Z' });
    expect(rollout.look(60)).to.equal('2/2 WaitingForNodes');
  });

  it('rolls back on violations where it is told to, and does not try again by itself', () => {
    const rollout = new Follower().pass(1);
    rollout.look();
    expect(rollout.look(1, { newViolations: 1 })).to.equal('1/3 RolledBack');
    expect(rollout.look(9_999, { newViolations: 50, outdatedPods: 2 })).to.equal('1/3 RolledBack');
    expect(rollout.state.waitingFor).to.equal(
      'somebody to act: stage 2 was taken back after 1 violation. 2 Pods may still run under the form that was taken back: restart them. Change the profile, or resume, promote or undo with kubectl seccomp rollout',
    );
    expect(outcomes(rollout.state)).to.deep.equal(['2 RolledBack', '1 Promoted']);
    expect(rollout.ask('resume')).to.equal('1/3 Soaking');
  });

  it('goes back to what nodes held before, if they held something; else it holds', () => {
    const stages = [{ ...CANARY }, ALL];
    const first = new Follower(stages);
    expect(first.look(0, { newViolations: 1 })).to.equal('1/2 Held');
    const edit = new Follower(stages, { published: file('sha256:before') });
    expect(edit.look(0, { newViolations: 2 })).to.equal('0/2 RolledBack');
    expect(edit.state.before).to.deep.equal(file('sha256:before'));
    expect(edit.look(99)).to.equal('0/2 RolledBack');
    expect(edit.ask('promote')).to.equal('1/2 WaitingForNodes');
  });

  it('adds up what is new, and keeps how far it has counted', () => {
    const rollout = new Follower([{ ...AUDIT, maxViolations: 9 }]);
    rollout.look(0, { newViolations: 2, violationsInReports: 2 });
    rollout.look(0, { newViolations: 3, violationsInReports: 4 });
    expect(rollout.state).to.deep.include({ violationsInReports: 4 });
    expect(rollout.state.evidence?.violations).to.equal(5);
  });

  it('keeps since when there are Pods under these rules, from stage to stage', () => {
    const rollout = new Follower();
    expect(rollout.state).not.to.have.property('rulesSince');
    rollout.pass(1);
    expect(rollout.state).to.have.property('rulesSince', '2026-11-24T10:00:00Z');
    expect(rollout.state).not.to.have.property('installedAt');
    rollout.strict = 'sha256:b';
    expect(rollout.settle()).not.to.have.property('rulesSince');
  });

  describe('asked by hand', () => {
    it('pauses, counts on meanwhile, and judges when it is resumed', () => {
      const rollout = new Follower();
      rollout.look();
      expect(rollout.ask('pause')).to.equal('1/3 Paused');
      expect(rollout.state.answer).to.equal('pause at stage 1: now 1/3 Paused');
      expect(rollout.look(9_999, { newViolations: 1 })).to.equal('1/3 Paused');
      expect(rollout.ask('resume')).to.equal('1/3 Held');
    });

    it('goes on after a pause with the time it had', () => {
      const rollout = new Follower();
      rollout.look();
      rollout.look(40);
      rollout.ask('pause');
      rollout.look(500);
      expect(rollout.ask('resume')).to.equal('1/3 Soaking');
      expect(rollout.state.soakedSeconds).to.equal(40);
    });

    it('promotes one stage, without evidence, and once', () => {
      const rollout = new Follower();
      expect(rollout.ask('promote', { pods: 0 })).to.equal('2/3 WaitingForNodes');
      expect(rollout.look(9_999)).to.equal('2/3 WaitingForPods');
      expect(rollout.ask('promote again')).to.equal('3/3 WaitingForNodes');
      expect(rollout.ask('promote a third time')).to.equal('3/3 Completed');
      expect(rollout.state.history?.map(({ outcome }) => outcome)).to.deep.equal([
        'Completed',
        'PromotedByHand',
        'PromotedByHand',
      ]);
    });

    it('takes back the last stage, also of a rollout that is complete', () => {
      const rollout = new Follower().pass(3);
      expect(rollout.ask('undo')).to.equal('2/3 RolledBack');
      expect(rollout.state.waitingFor).to.include('stage 3 was taken back by hand');
      expect(rollout.look(9_999)).to.equal('2/3 RolledBack');
    });

    const REFUSALS: [string, (rollout: Follower) => void, string, string][] = [
      [
        'has nothing to go back to',
        () => {},
        'undo',
        'refused: nodes held nothing before this stage; to refuse nothing',
      ],
      ['is complete', rollout => rollout.pass(3), 'pause', 'refused: the rollout is complete, nothing moves'],
      ['has no further stage', rollout => rollout.pass(3), 'promote', 'refused: the rollout is complete'],
      ['is not held', () => {}, 'resume', 'refused: nothing holds it'],
      [
        'is held already',
        rollout => rollout.ask('pause'),
        'pause ',
        'refused: it is Paused and does not move by itself',
      ],
      [
        'is at another stage',
        () => {},
        'promote stage=2',
        'refused: promote was meant for stage 2, and this is stage 1',
      ],
      ['is asked in other words', () => {}, 'Promote', 'refused: "Promote" is none of pause, resume, promote, undo'],
      ['is asked for no stage', () => {}, 'promote stage=x', 'refused: stage=x is no number'],
    ];
    for (const [what, first, request, said] of REFUSALS) {
      it(`says why it does not: it ${what}`, () => {
        const rollout = new Follower();
        rollout.look();
        first(rollout);
        const before = rollout.state.summary;
        expect(rollout.ask(request)).to.equal(before);
        expect(rollout.state.answer).to.include(said);
      });
    }

    it('does not carry out what was asked of another rollout', () => {
      const rollout = new Follower(STAGES, { request: 'promote' });
      expect(rollout.look()).to.equal('1/3 Soaking');
      rollout.strict = 'sha256:b';
      rollout.request = 'promote for the old rules';
      rollout.settle();
      expect(rollout.look()).to.equal('1/3 Soaking');
    });
  });

  describe('of an edited profile', () => {
    it('starts anew with other rules, and keeps what nodes held', () => {
      const rollout = new Follower().pass(3);
      rollout.strict = 'sha256:b';
      rollout.published = file('sha256:enforced');
      rollout.last = file('sha256:other');
      expect(rollout.settle().summary).to.equal('1/3 WaitingForNodes');
      expect(rollout.state.before).to.deep.equal(file('sha256:enforced'));
      rollout.pass(1);
      rollout.strict = 'sha256:c';
      rollout.published = file('sha256:audited');
      expect(rollout.settle().summary).to.equal('1/3 WaitingForNodes');
      expect(rollout.state.before, 'of the last rollout that was complete').to.deep.equal(file('sha256:enforced'));
      expect(outcomes(rollout.state).slice(0, 2)).to.deep.equal(['2 Replaced', '1 Promoted']);
    });

    it('stays paused with other rules, until it is resumed', () => {
      const rollout = new Follower();
      rollout.ask('pause');
      rollout.strict = 'sha256:b';
      expect(rollout.settle().summary).to.equal('1/3 Paused');
      expect(rollout.look(999)).to.equal('1/3 Paused');
      expect(rollout.ask('resume')).to.equal('1/3 Soaking');
    });

    it('has nothing to do when an edit is taken back', () => {
      const rollout = new Follower().pass(3);
      rollout.strict = 'sha256:b';
      rollout.published = file('sha256:enforced');
      rollout.last = file('sha256:other');
      rollout.settle();
      rollout.strict = 'sha256:a';
      rollout.last = file('sha256:enforced');
      expect(rollout.settle().summary).to.equal('3/3 Completed');
    });

    it('has nothing to do where nodes hold the last form already', () => {
      expect(new Follower(STAGES, { published: file('sha256:enforced') }).state.summary).to.equal('3/3 Completed');
    });

    const PLANS: [string, Stage[], number, string][] = [
      [
        'goes on with other times and bounds',
        [{ ...AUDIT, soak: '1s' }, { ...CANARY, maxViolations: 9 }, ALL],
        1,
        '2/3',
      ],
      ['goes back to a stage that was put in before', [AUDIT, ALL, CANARY, ALL], 1, '2/4'],
      [
        'goes back to the first stage where that is another',
        [{ ...AUDIT, nodeSelector: { a: 'b' } }, CANARY, ALL],
        2,
        '1/3',
      ],
      ['goes on where stages are added after', [...STAGES, { mode: 'Kill', soak: '1s' }], 2, '3/4'],
      ['goes to the last stage where its own was taken away', [AUDIT, CANARY], 2, '2/2'],
    ];
    for (const [what, stages, passed, stage] of PLANS) {
      it(`${what}`, () => {
        const rollout = new Follower().pass(passed);
        rollout.stages = stages;
        expect(rollout.settle().summary).to.equal(`${stage} WaitingForNodes`);
      });
    }

    const COMPLETE: [string, Stage[], string][] = [
      ['stays complete when earlier stages change', [CANARY, ALL], '2/2 Completed'],
      ['goes on to stages that come after', [...STAGES, { mode: 'Kill', soak: '1s' }], '4/4 WaitingForNodes'],
      [
        'goes to the first that differs when its last is gone',
        [AUDIT, { ...CANARY, mode: 'Kill' }],
        '2/2 WaitingForNodes',
      ],
    ];
    for (const [what, stages, summary] of COMPLETE) {
      it(`once complete, ${what}`, () => {
        const rollout = new Follower().pass(3);
        rollout.stages = stages;
        expect(rollout.settle().summary).to.equal(summary);
      });
    }

    it('keeps waiting for somebody when only times and bounds change', () => {
      const rollout = new Follower();
      rollout.look(0, { newViolations: 1 });
      rollout.stages = [{ ...AUDIT, maxViolations: 5 }, CANARY, ALL];
      expect(rollout.settle().summary).to.equal('1/3 Held');
    });
  });
});

describe('whatever happens to a rollout', () => {
  const stage = fc.record({
    mode: fc.constantFrom('Audit', 'Enforce', 'Kill'),
    soak: fc.constantFrom('0s', '10s', '30s'),
    nodeSelector: fc.constantFrom(undefined, { canary: 'true' }, { zone: 'a' }),
    minPods: fc.constantFrom(0, 1, 3),
    maxViolations: fc.constantFrom(0, 0, 2),
    onViolations: fc.constantFrom('Hold', 'RollBack'),
  }) as fc.Arbitrary<Stage>;
  const stages = fc.array(stage, { minLength: 1, maxLength: 4 });
  const evidence = fc.record({
    installed: fc.constantFrom<true | string>(true, true, true, 'waiting for node-b'),
    nodes: fc.constantFrom(0, 1, 5, 5),
    pods: fc.constantFrom(0, 1, 3, 9),
    outdatedPods: fc.nat(3),
    newViolations: fc.constantFrom(0, 0, 0, 0, 1, 5),
    violationsInReports: fc.nat(9),
    watched: fc.constantFrom<true | string>(true, true, true, 'not on node-a'),
  });
  const event = fc.oneof(
    {
      weight: 12,
      // Clocks that jump: what is said to have passed is anything.
      arbitrary: fc.record({ look: evidence, seconds: fc.oneof(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(12)) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ ask: fc.constantFrom('pause', 'resume', 'promote', 'undo', 'promote stage=1') }),
    },
    { weight: 1, arbitrary: fc.record({ rules: fc.constantFrom('sha256:a', 'sha256:b') }) },
    { weight: 1, arbitrary: fc.record({ stages }) },
  );

  /** What each step may do, told apart from how it is done. */
  function check(rollout: Follower, before: RolloutState, seconds: number, asked: boolean): void {
    const { state, evidence: seen } = rollout;
    const stage = rollout.plan[before.stage - 1];
    expect(Math.abs(state.stage - before.stage), 'one stage at a time').to.be.at.most(1);
    const forward = state.stage > before.stage || (state.phase === 'Completed' && before.phase !== 'Completed');
    if (asked && !state.answer?.startsWith('refused')) return;
    if (isLatched(before)) {
      expect(state.stage, 'what is latched stays').to.equal(before.stage);
      expect(state.phase).to.equal(before.phase);
    }
    if (!forward || !stage) return;
    expect(before.phase).to.equal('Soaking');
    expect(seen.installed).to.equal(true);
    const left = state.history?.[0];
    expect(left?.violations ?? 0, 'never with violations above what is allowed').to.be.at.most(stage.maxViolations);
    expect(seen.pods, 'never on no evidence').to.be.at.least(stage.minPods);
    if (stage.minPods > 0) {
      expect(seen.nodes).to.be.above(0);
      expect(seen.watched).to.equal(true);
    }
    const soaked = (before.soakedSeconds ?? 0) + Math.max(0, seconds);
    expect(soaked, 'never before its time').to.be.at.least(stage.soakSeconds);
  }

  it('skips no stage, promotes on evidence only, and moves when asked where it is latched', () => {
    fc.assert(
      fc.property(stages, fc.boolean(), fc.array(event, { maxLength: 60 }), (first, hasBefore, events) => {
        const rollout = new Follower(first, hasBefore ? { published: file('sha256:before') } : {});
        /** Signatures of the stages that were passed, in order: those before the one it is at. */
        let passed: string[] = [];
        const isComplete = () => rollout.state.phase === 'Completed';
        for (const [at, each] of events.entries()) {
          const before = rollout.state;
          if ('look' in each) {
            rollout.look(each.seconds, each.look);
            check(rollout, before, each.seconds, false);
          } else if ('ask' in each) {
            rollout.ask(`${each.ask} at=${at}`);
            check(rollout, before, 0, true);
            if (each.ask === 'pause' && !isLatched(before)) expect(rollout.state.phase).to.equal('Paused');
            if (each.ask === 'undo' && canGoBack(before)) {
              expect(rollout.state.stage).to.equal(before.stage - 1);
              expect(rollout.state.phase).to.equal('RolledBack');
            }
          } else if ('rules' in each) {
            rollout.strict = each.rules;
            rollout.settle();
            if (each.rules !== before.strictDigest) {
              expect(rollout.state.stage).to.equal(1);
              passed = [];
            }
          } else {
            rollout.stages = each.stages;
            rollout.settle();
            // Rules that are in force everywhere are not rolled out again because of an earlier stage.
            if (before.phase === 'Completed') passed = rollout.state.plan.slice(0, rollout.state.stage - 1);
          }
          const { stage, plan } = rollout.state;
          if (stage > before.stage && !('stages' in each)) passed.push(before.plan[before.stage - 1] as string);
          if (before.stage === 0 && stage === 1) passed = [];
          passed = passed.slice(0, Math.max(0, stage - 1));
          expect(passed, 'every stage before this one was passed').to.deep.equal(plan.slice(0, Math.max(0, stage - 1)));
          expect(rollout.state.stages).to.equal(plan.length);
          expect(stage).to.be.within(0, plan.length);
          if (isComplete()) expect(stage).to.equal(plan.length);
          expect(rollout.state.history?.length ?? 0).to.be.at.most(10);
          expect(rollout.state.soakedSeconds).to.be.at.least(0);
          expect(rollout.state.waitingFor?.length ?? 0).to.be.at.most(1024);
        }
      }),
      { numRuns: 500 },
    );
  });
});
