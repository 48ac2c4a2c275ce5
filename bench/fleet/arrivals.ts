import { now, type Progress } from './message.ts';

const TELL_EVERY_MS = 20;

/** Tells of arrivals together, so that telling costs little of the time that is measured. */
export class Arrivals {
  readonly #tell: (all: Progress[]) => void;
  readonly #byProfile = new Map<string, Progress>();
  readonly #news = new Set<string>();

  constructor(tell: (all: Progress[]) => void) {
    this.#tell = tell;
  }

  note(profile: string): void {
    const at = now();
    const { arrived = 0, first = at } = this.#byProfile.get(profile) ?? {};
    this.#byProfile.set(profile, { profile, arrived: arrived + 1, first, last: at });
    if (this.#news.size === 0) setTimeout(() => this.#tellNews(), TELL_EVERY_MS);
    this.#news.add(profile);
  }

  #tellNews(): void {
    this.#tell([...this.#news].map(profile => this.#byProfile.get(profile) as Progress));
    this.#news.clear();
  }
}
