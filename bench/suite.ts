import type { Result } from './report/result.ts';

/** What a suite can be told, by flags of these names: a number, or several of which each is measured. */
export type Parameters = Readonly<Record<string, number | readonly number[]>>;

export type Progress = (line: string) => void;

/** One thing that is measured. */
export interface Suite<P extends Parameters = Parameters> {
  readonly about: string;
  /** With what they are where nobody says otherwise. */
  readonly parameters: P;
  /** A short run, to see whether it works: its figures say little. */
  readonly quick: Parameters;
  run(parameters: P, progress: Progress): Promise<Result>;
}

/** `P` widened: where a suite says 5, others may say 7. */
type Widened<P> = { readonly [K in keyof P]: P[K] extends number ? number : readonly number[] };

export function suite<const P extends Parameters>(
  about: string,
  parameters: P,
  quick: Partial<Widened<P>>,
  run: (parameters: Widened<P>, progress: Progress) => Promise<Result>,
): Suite {
  return { about, parameters, quick: quick as Parameters, run: run as Suite['run'] };
}
