import { specOf } from '../system/specs.ts';
import { PROFILES } from '../system/workload.ts';
import type { Fault } from './fault.ts';

const MANY = 1_000;
const AT_A_TIME = 8;

export const FLOOD_FAULTS: readonly Fault[] = [
  {
    kind: `${MANY} profiles created and deleted in a loop`,
    share: 0.15,
    alone: true,
    withinMs: 180_000,
    inject: async ({ world: { api } }) => {
      const names = Array.from({ length: MANY }, (_, at) => `flood-${at}`);
      const type = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile' };
      await eachOf(names, async name => {
        const body = { ...type, metadata: { name }, spec: specOf(name, 1) };
        await api.insist(`${name} is created`, () => api.call('POST', PROFILES, body));
        // Half of them at once, the others when all are there.
        if (Number(name.slice(6)) % 2) await api.remove(`${PROFILES}/${name}`);
      });
      await eachOf(names, name => api.remove(`${PROFILES}/${name}`));
      return { count: 1, what: `${MANY} profiles` };
    },
  },
];

async function eachOf<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const hand = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, hand));
}
