/** The files that the writer edits and the reader reads. */
export const FILE_NAMES = ['a.json', 'b.json', 'c.json'];

/** One text for each version, of one to several pages: a torn or mixed one equals none of them. */
export function textOf(version: number): string {
  const line = `  "version ${version}",\n`;
  return `{ "version": ${version}, "lines": [\n${line.repeat(1 + (version % 7) * 400)}  "end ${version}"\n] }\n`;
}

/** The version that a text claims to be; NaN where it claims none. */
export function versionOf(text: string): number {
  return Number(/^\{ "version": (\d+),/.exec(text)?.[1]);
}
