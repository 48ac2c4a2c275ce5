/** What must hold, whatever happens. */
export const INVARIANTS = {
  torn: 'A reader sees a whole version of a profile, or none',
  missing: 'A file that was installed is there until its profile goes',
  outside: 'Nothing outside the directory is touched',
  ready: 'Ready=True only when every node has this generation on its disk',
  untold: 'What keeps a node from holding the profiles is told',
  converged: 'Everything is right again within the stated time',
  crashed: 'No process ends by itself, and no step fails inside',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Finding {
  readonly invariant: Invariant;
  readonly what: string;
  /** Faults at that time. */
  during: readonly string[];
}

export class Findings {
  readonly all: Finding[] = [];
  /** What is being done to the system. */
  during: readonly string[] = [];
  readonly #told: (finding: Finding) => void;

  constructor(told: (finding: Finding) => void = () => {}) {
    this.#told = told;
  }

  /** The same thing is noted once in a row of faults. */
  note(invariant: Invariant, what: string): void {
    const during = this.during;
    if (this.all.some(each => each.invariant === invariant && each.what === what && each.during === during)) return;
    const finding = { invariant, what, during };
    this.all.push(finding);
    this.#told(finding);
  }
}
