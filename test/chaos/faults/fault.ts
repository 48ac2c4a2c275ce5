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

/**
 * `private copies`: by which an agent that starts knows a file as its own that is not what it is to be, altered by somebody or
 * older; without them it leaves that to a person.
 */
type Thing = 'API server' | 'private copies';

export interface Fault {
  readonly kind: string;
  /** How often, compared with others. */
  readonly share: number;
  /** Until everything is right again, from its end on, in milliseconds; a minute unless said otherwise. */
  readonly withinMs?: number;
  /** What it is done by way of. */
  readonly needs?: Thing;
  /** What it leaves nobody, or not as it was: not together with one that needs it. */
  readonly takes?: Thing;
  /** What no two can have at the same time. */
  readonly uses?: string;
  /** Never together with others. */
  readonly alone?: boolean;
  inject(scene: Scene): Promise<Injected>;
}
