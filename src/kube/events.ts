import { randomBytes } from 'node:crypto';
import type { Log } from '../core/log.ts';
import { microTime } from './micro-time.ts';
import { resourcePath } from './objects.ts';
import { TokenBuckets } from './token-buckets.ts';
import type { Transport } from './transport.ts';
import { TroubleLog } from './trouble-log.ts';

/** The object that an event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  /** Absent for a cluster-scoped object. */
  readonly namespace?: string;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** Why, for machines, in UpperCamelCase. */
  readonly reason: string;
  /** What was done, for machines, in UpperCamelCase. */
  readonly action: string;
  /** For a person; cut to what the API takes. */
  readonly note: string;
}

export interface EventRecorderOptions {
  readonly transport: Transport;
  /** "seccomp-operator.dev/operator". */
  readonly reportingController: string;
  /** Pod or process. */
  readonly reportingInstance: string;
  readonly log: Log;
}

/** From the validation of events.k8s.io/v1. */
const NOTE_LENGTH = 1024;
const INSTANCE_LENGTH = 128;

const QUEUE_LENGTH = 200;

/** Per object: five at once, then one a minute. */
const RATE = { burst: 5, refillMs: 60_000 };

/** Events, as far as there is room for them: they inform people, and never hold up or break what they tell of. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #buckets = new TokenBuckets(RATE);
  readonly #queue: { readonly path: string; readonly body: object }[] = [];
  readonly #trouble: TroubleLog;
  readonly #stopped = new AbortController();
  #isSending = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#trouble = new TroubleLog(options.log, 'writing of events', {});
  }

  event(regarding: Regarding, text: EventText): void {
    if (this.#stopped.signal.aborted || this.#queue.length >= QUEUE_LENGTH) return;
    const { apiVersion, kind, namespace = '', name, uid = '' } = regarding;
    if (!this.#buckets.take([apiVersion, kind, namespace, name, uid].join('/'))) return;
    this.#queue.push(this.#compose(regarding, text));
    void this.#send();
  }

  /** What is not sent by now is dropped. */
  stop(): void {
    this.#stopped.abort();
    this.#queue.length = 0;
  }

  #compose(regarding: Regarding, { type, reason, action, note }: EventText): { path: string; body: object } {
    // Where events of cluster-scoped objects live.
    const namespace = regarding.namespace ?? 'default';
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace, name: `${regarding.name.slice(0, 230)}.${randomBytes(8).toString('hex')}` },
      eventTime: microTime(),
      reportingController: this.#options.reportingController,
      reportingInstance: this.#options.reportingInstance.slice(0, INSTANCE_LENGTH),
      type,
      reason,
      action,
      note: truncate(note),
      regarding,
    };
    return { path: resourcePath({ group: 'events.k8s.io', version: 'v1', plural: 'events', namespace }), body };
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        await this.#options.transport.request('POST', next.path, { body: next.body, signal: this.#stopped.signal });
        this.#trouble.recovered();
      } catch (error) {
        if (!this.#stopped.signal.aborted) this.#trouble.report((error as Error).message);
      }
    }
    this.#isSending = false;
  }
}

/** To so many bytes of UTF-8, which is what the API server counts, without cutting a character. */
function truncate(note: string): string {
  if (Buffer.byteLength(note) <= NOTE_LENGTH) return note;
  const room = new Uint8Array(NOTE_LENGTH - Buffer.byteLength('…'));
  const { read } = new TextEncoder().encodeInto(note, room);
  return `${note.slice(0, read)}…`;
}
