import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 500;

/** Looks until nothing is left to wait for, and gives what is left when the time is over; tells of each change. */
export async function waitFor<T>(
  look: () => Promise<readonly T[]>,
  deadline: number,
  tell: (left: readonly T[]) => void,
): Promise<readonly T[]> {
  let told = '';
  for (;;) {
    const left = await look();
    const now = JSON.stringify(left);
    if (left.length && now !== told) tell(left);
    told = now;
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(EVERY_MS);
  }
}
