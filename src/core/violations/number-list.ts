/** `0-3,5,9-12`: numbers in order. */
export function numberList(numbers: Iterable<number>): string {
  const runs: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && number <= run[1] + 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** No list has more: who wrote it may be a node that was taken over. */
const MOST = 512;

/** Reads what {@link numberList} wrote; what is no such text is left out. */
export function numbersIn(text: string): number[] {
  const numbers: number[] = [];
  for (const [, first = '', last = first] of text.matchAll(/(\d+)(?:-(\d+))?/g)) {
    for (let number = Number(first); number <= Number(last) && numbers.length < MOST; number++) numbers.push(number);
  }
  return numbers;
}
