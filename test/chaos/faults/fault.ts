import type { Scenario } from '../scenario.ts';
import type { Random } from '../system/random.ts';

export interface Scene extends Pick<Scenario, 'world' | 'ledger' | 'workload' | 'auditor' | 'findings'> {
  readonly random: Random;
}

export interface Injected {
  /** How many things were done: processes killed, connections cut, files altered. */
  readonly count: number;
  readonly what: string;
  /** Takes it back; what is left then heals by itself. */
  end?(): Promise<void> | void;
}

export interface Fault {
  readonly kind: string;
  /** How often, compared with others. */
  readonly share: number;
  /** Until everything is right again, from its end on, in milliseconds; a minute unless said otherwise. */
  readonly withinMs?: number;
  /** Is itself done by way of the API server. */
  readonly needsApi?: boolean;
  /** Leaves nobody an API server, or other objects than were applied: not together with one that needs it. */
  readonly takesApi?: boolean;
  /** What no two can have at the same time. */
  readonly uses?: string;
  /** Never together with others. */
  readonly alone?: boolean;
  inject(scene: Scene): Promise<Injected>;
}
