import fc from 'fast-check';

/** One parser under fuzzing: inputs, and what must hold whatever they are. */
export interface Target {
  readonly name: string;
  readonly input: fc.Arbitrary<unknown>;
  /** Throws when the parser crashes, hangs on to nothing, or accepts nonsense. */
  check(input: unknown): void;
}

export const target = <T>(name: string, input: fc.Arbitrary<T>, check: (input: T) => void): Target => ({
  name,
  input,
  check: check as (input: unknown) => void,
});

/** Real text with a few characters changed, taken away, doubled or put in. */
export function mutated(samples: readonly string[], alphabet: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(1_000_000),
    kind: fc.constantFrom('change', 'remove', 'double', 'cut'),
    length: fc.integer({ min: 1, max: 20 }),
    text: fc.constantFrom(...alphabet),
  });
  return fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 6 })).map(([sample, edits]) =>
    edits.reduce((text, { at, kind, length, text: put }) => {
      const from = text.length ? at % text.length : 0;
      const [before, after] = [text.slice(0, from), text.slice(from)];
      if (kind === 'change') return before + put + after.slice(length);
      if (kind === 'remove') return before + after.slice(length);
      if (kind === 'double') return before + after.slice(0, length) + after;
      return before;
    }, sample),
  );
}

/** Pieces of a grammar in any order: deeper into a parser than random characters get. */
export const pieces = (alphabet: readonly string[], maxLength = 40): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...alphabet) }, fc.string({ maxLength: 8 })), {
      maxLength,
      size: 'max',
    })
    .map(parts => parts.join(''));

/** Runs a target; throws with the smallest input that breaks it. */
export const run = ({ input, check }: Target, numRuns: number, seed?: number): void =>
  fc.assert(fc.property(input, check), { numRuns, ...(seed === undefined ? {} : { seed }) });
