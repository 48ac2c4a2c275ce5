/** What a person sees of the demo: steps, notes and checks, in colour on a terminal only. */
const isTerminal = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const paint = (code: number, text: string) => (isTerminal ? `\x1b[${code}m${text}\x1b[0m` : text);

export function step(text: string): void {
  process.stdout.write(`\n${paint(1, `== ${text}`)}\n`);
}

export function note(text: string): void {
  process.stdout.write(`${paint(2, `   ${text}`)}\n`);
}

/** Throws when what is claimed does not hold. */
export function check(holds: boolean, claim: string): void {
  if (!holds) throw new Error(`does not hold: ${claim}`);
  process.stdout.write(`   ${paint(32, 'ok')} ${claim}\n`);
}
