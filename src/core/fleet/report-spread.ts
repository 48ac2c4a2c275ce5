/** Reports that an API server takes in a second beside its other work. */
const REPORTS_PER_SECOND = 1_000;
/** Below this nobody notices that all nodes report at once. */
const SMALL_FLEET = 100;
const LONGEST_MS = 10_000;

/**
 * Over how long a fleet spreads its reports of one change, in milliseconds. The operator writes it beside what has changed:
 * it knows the fleet, and no object changes because the fleet does.
 */
export function reportSpreadMs(nodes: number): number {
  return nodes < SMALL_FLEET ? 0 : Math.min(LONGEST_MS, Math.ceil((nodes / REPORTS_PER_SECOND) * 1000));
}

/** What is written there, as a number that is possible; 0 for anything else. */
export function readSpreadMs(text: string | undefined): number {
  const spread = Number(text);
  return spread > 0 ? Math.min(LONGEST_MS, spread) : 0;
}
