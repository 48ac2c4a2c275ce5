/** What became of one object, for the person who migrates. */
export interface Finding {
  /** `SeccompProfile/web/nginx` */
  readonly object: string;
  readonly result: Result;
  /** What differs or is missing, why, and what to do. */
  readonly notes: readonly string[];
}

/** `act`: carried over, and yet somebody has to do something. */
export type Result = 'carried over' | 'act' | 'left out';

/** Gathers what is to be said of one object while it is looked at, field by field. */
export class Remarks {
  readonly #notes: string[] = [];
  readonly #duties: string[] = [];
  readonly #problems: string[] = [];

  /** The meaning stays; nobody has to do anything. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** It works only, or means the same only, after somebody has done this. */
  duty(text: string): void {
    this.#duties.push(text);
  }

  /** It cannot be carried over as it is. */
  problem(text: string): void {
    this.#problems.push(text);
  }

  get result(): Result {
    if (this.#problems.length) return 'left out';
    return this.#duties.length ? 'act' : 'carried over';
  }

  of(object: string): Finding {
    const { result } = this;
    return { object, result, notes: result === 'left out' ? this.#problems : [...this.#duties, ...this.#notes] };
  }
}
