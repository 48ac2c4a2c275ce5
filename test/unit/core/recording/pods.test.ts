import { expect } from 'chai';
import { leftBehind, mustRestart, type RecordedPod, standingOf } from '../../../../src/core/recording/pods.ts';
import { targetsOf } from '../../../../src/core/recording/targets.ts';

const MADE = 1_000_000;
const recording = (spec: object = {}) => ({
  metadata: { name: 'web' },
  spec: { namespaces: ['shop'], podSelector: {}, ...spec },
});
const merged = targetsOf(recording());
const each = targetsOf(recording({ profiles: 'PerContainer', containers: ['app', 'proxy'] }));

/** Containers by name, with the file they name and when they started. */
function pod(
  containers: Readonly<Record<string, readonly [file: string | undefined, startedAt?: number]>>,
): RecordedPod {
  const all = Object.entries(containers);
  return {
    pod: 'shop/web-0',
    node: 'node-a',
    filters: all.map(([container, [file]]) => ({ container, file, ids: [container] })),
    containers: all.flatMap(([id, [, startedAt]]) => (startedAt === undefined ? [] : [{ id, startedAt }])),
  };
}

const madeAt = new Map([...merged, ...each].map(({ profile }) => [profile, MADE]));
const reasonOf = (
  ...[subject, targets]: Parameters<typeof standingOf> extends [infer P, infer T, ...unknown[]] ? [P, T] : never
) => {
  const standing = standingOf(subject, targets, madeAt);
  return typeof standing === 'string' ? standing : standing.reason;
};

describe('a Pod in a recording', () => {
  const FILE = 'operator/web.json';
  const cases: [string, Parameters<typeof pod>[0], string][] = [
    ['is recorded when it started under the profile', { app: [FILE, MADE] }, 'Recorded'],
    ['is recorded when one of its containers is', { app: [FILE, MADE], proxy: [undefined, MADE] }, 'Recorded'],
    ['is starting until a container runs', { app: [FILE] }, 'Starting'],
    ['must name the profile', { app: [undefined, MADE] }, 'ProfileNotNamed'],
    ['must name this profile', { app: ['operator/other.json', MADE] }, 'ProfileNotNamed'],
    ['must restart when it is older than the profile', { app: [FILE, MADE - 1] }, 'StartedBefore'],
  ];
  for (const [what, containers, is] of cases)
    it(what, () => {
      expect(reasonOf(pod(containers), merged)).to.equal(is);
    });

  it('has a profile for each container, where told', () => {
    const app = ['operator/web-app.json', MADE] as const;
    expect(reasonOf(pod({ app, proxy: ['operator/web-proxy.json', MADE] }), each)).to.equal('Recorded');
    expect(standingOf(pod({ app, proxy: app }), each, madeAt)).to.deep.include({
      message:
        'set securityContext.seccompProfile of container proxy to {type: Localhost, localhostProfile: operator/web-proxy.json} in its template',
    });
    expect(standingOf(pod({ other: app }), each, madeAt)).to.deep.include({
      message: 'it has no container app, proxy: see spec.containers',
    });
  });

  it('is left behind with the filter that logs until it starts anew', () => {
    const [target] = merged as [(typeof merged)[number]];
    const before = leftBehind([pod({ app: [FILE, MADE] }), pod({ app: [FILE, MADE + 2] })], target, MADE + 1);
    expect(before.map(({ reason }) => reason)).to.deep.equal(['StartedWhileRecording']);
  });

  it('is named with nine others at most', () => {
    const restarts = Array.from(
      { length: 30 },
      (_, at) => ({ pod: `shop/${at}`, reason: 'StartedBefore', message: '' }) as const,
    );
    expect(mustRestart(restarts)?.total).to.equal(30);
    expect(mustRestart(restarts)?.pods).to.have.length(10);
    expect(mustRestart([])).to.equal(undefined);
  });
});
