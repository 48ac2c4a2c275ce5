/** package.json's `engines`: Map.groupBy came with Node 21, Iterator with 22. */
const LEAST = [22, 19] as const;

/** What is wrong with the Node that runs this, by its version ("22.19.0"): nothing, or what to do. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined;
  return `needs Node.js ${LEAST.join('.')} or newer, and the node on the PATH is ${version}`;
}
