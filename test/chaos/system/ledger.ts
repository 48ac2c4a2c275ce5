import { partOf, type Spec, versionOf } from './specs.ts';

export type State = 'enabled' | 'disabled' | 'gone';

/** What was asked of a profile, as the API server has taken it. */
export interface Entry {
  readonly name: string;
  readonly base: string | undefined;
  version: number;
  state: State;
  /** The version with which it was enabled last: nodes that are behind may still have to remove an earlier one. */
  since: number;
  /** The newest version that was ever sent, whether it has arrived or not. */
  sent: number;
  /** Between two states: either may be found. */
  moving: boolean;
}

/** A profile as the API server holds it. */
interface Held {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: Spec & { readonly state?: string };
}

/** Who knows what was applied. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** From when etcd went back until everything is right again: what was is no measure of what is. */
  isRewriting = false;

  entry(name: string, base?: string): Entry {
    let entry = this.entries.get(name);
    if (!entry) {
      entry = { name, base, version: 0, state: 'gone', since: 0, sent: 0, moving: false };
      this.entries.set(name, entry);
    }
    return entry;
  }

  /** Profiles that should be on nodes. */
  get enabled(): Entry[] {
    return [...this.entries.values()].filter(({ state }) => state === 'enabled');
  }

  /** Takes what the API server holds for what was applied: after etcd was restored. */
  adopt(profiles: readonly Held[]): void {
    const kept = profiles.filter(({ metadata }) => !metadata.deletionTimestamp);
    const present = new Map(kept.map(each => [each.metadata.name, each.spec]));
    for (const entry of this.entries.values()) {
      const spec = present.get(entry.name);
      const version = spec && versionOf(spec, partOf(entry.name));
      entry.state = !spec ? 'gone' : spec.state === 'Disabled' ? 'disabled' : 'enabled';
      entry.version = version ?? entry.version;
    }
  }
}
