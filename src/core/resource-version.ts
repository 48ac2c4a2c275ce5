/**
 * Orders two resource versions of one resource: negative when `a` is older, 0 when equal, positive when `a` is newer.
 * They are decimal numbers without leading zeros that may outgrow a double, so the longer one is newer, and of two with
 * the same length the one with the larger digits. See KEP-5504, comparable resource versions.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
