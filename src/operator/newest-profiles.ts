import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { compareResourceVersions } from '../core/resource-version.ts';
import { withoutBallast } from './watched-profile.ts';

/** Profiles as they are, as far as we know: the watch is a moment late for what we have written ourselves. */
export class NewestProfiles {
  readonly #watched: ReadonlyMap<string, SeccompProfile>;
  /** Answers to our own writes, until the watch has told of them. */
  readonly #written = new Map<string, SeccompProfile>();

  constructor(watched: ReadonlyMap<string, SeccompProfile>) {
    this.#watched = watched;
  }

  get(name: string): SeccompProfile | undefined {
    const watched = this.#watched.get(name);
    return watched && (this.#written.get(name) ?? watched);
  }

  /** The API server's answer to a write. */
  keep(answer: SeccompProfile): void {
    const profile = withoutBallast(answer);
    const { name, resourceVersion = '0' } = profile.metadata;
    const known = this.#watched.get(name)?.metadata.resourceVersion ?? '0';
    if (compareResourceVersions(resourceVersion, known) > 0) this.#written.set(name, profile);
  }

  /** The watch has told of it. */
  watchTold(name: string): void {
    this.#written.delete(name);
  }
}
