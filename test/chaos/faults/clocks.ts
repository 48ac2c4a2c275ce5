import { clockShift } from '../system/world.ts';
import type { Fault } from './fault.ts';

const HOUR = 3_600_000;
const SHIFTS = [-10 * 365 * 24 * HOUR, -HOUR, -60_000, 60_000, HOUR, 10 * 365 * 24 * HOUR];

export const CLOCK_FAULTS: readonly Fault[] = [
  {
    kind: "wall clock of an agent's node wrong, by a minute to ten years",
    share: 5,
    needs: 'private copies',
    inject: async ({ world, random }) => {
      const node = random.pick(world.nodes);
      const shift = random.pick(SHIFTS);
      await world.end(node);
      node.start(clockShift(shift));
      const end = async () => {
        await world.end(node);
        node.start();
      };
      return { count: 1, what: `${node.name} by ${shift / HOUR} h`, end: random.chance(0.3) ? end : () => {} };
    },
  },
  {
    kind: 'wall clocks of both operators wrong, in different ways',
    share: 1.5,
    withinMs: 60_000,
    inject: async ({ world, random }) => {
      const shifts = random.shuffled(SHIFTS);
      for (const [at, operator] of world.operators.entries()) {
        await world.end(operator);
        operator.start(clockShift(shifts[at] as number));
      }
      return {
        count: world.operators.length,
        what: shifts
          .slice(0, 2)
          .map(shift => `${shift / HOUR} h`)
          .join(', '),
      };
    },
  },
];
