/** What a table holds of a name that somebody chose: `constructor` and `__proto__` are names too, and in every object. */
export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
