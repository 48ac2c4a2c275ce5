/** A merge patch keeps what it does not name (RFC 7386), so what is gone has to be named. */
export function removed(previous: object, next: object): Record<string, null> {
  const gone = Object.keys(previous).filter(key => !(key in next));
  return Object.fromEntries(gone.map(key => [key, null]));
}
