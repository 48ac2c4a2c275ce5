import doti, { type OperatorLogger, type ResourceEvent, type ResourceMeta } from '@dot-i/k8s-operator';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { Log } from '../../core/log.ts';
import { type KubeObject, resourcePath } from '../objects.ts';
import { Reflector, type ReflectorHandler, type ReflectorOptions } from '../reflector.ts';
import { Transport, type TransportOptions } from '../transport.ts';
import { credentialsFromKubeConfig } from './credentials.ts';

const { default: Operator, ResourceEventType, ResourceMetaImpl } = doti;

/** Which objects a watch is on. */
export interface WatchedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
}

export type WatchOptions<K extends KubeObject, T> = { handler: ReflectorHandler<K, T> } & Pick<
  ReflectorOptions<K, T>,
  'project' | 'keep' | 'labelSelector' | 'fieldSelector'
>;

/**
 * dot-i's Operator with every path to the network replaced: its lifecycle, events and finalizer rules stay, while watches
 * go through our reflector (which resumes, relists on 410 and never gives up) and writes through our transport (pooled
 * connections, deadlines, errors that are thrown). See docs/decisions/0002-one-watch-loop.md.
 */
export abstract class ReliableOperator extends Operator {
  protected readonly transport: Transport;
  protected readonly log: Log;
  readonly #reflectors: Reflector<KubeObject, unknown>[] = [];

  /** `mayWrite`: see {@link TransportOptions}. */
  constructor(log: Log, userAgent: string, mayWrite: () => boolean) {
    super(logger(log));
    this.log = log;
    const credentials = credentialsFromKubeConfig(this.kubeConfig);
    this.transport = new Transport({ credentials, userAgent, mayWrite, log, maxSockets: 12 });
  }

  /** Starts a watch that runs until {@link stop}. */
  protected watch<K extends KubeObject, T>(resource: WatchedResource, options: WatchOptions<K, T>): Reflector<K, T> {
    const reflector = new Reflector<K, T>({
      transport: this.transport,
      path: resourcePath(resource),
      name: resource.plural,
      log: this.log,
      // There is one that leads: no need to spread.
      relistSpreadMs: 5_000,
      ...options,
    });
    this.#reflectors.push(reflector as unknown as Reflector<KubeObject, unknown>);
    reflector.start();
    return reflector;
  }

  protected get reflectors(): readonly Reflector<KubeObject, unknown>[] {
    return this.#reflectors;
  }

  /** Ends all watches and connections; nothing is written afterwards. */
  override async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map(reflector => reflector.stop()));
    this.transport.close();
  }

  protected override async watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const types = {
      added: ResourceEventType.Added,
      modified: ResourceEventType.Modified,
      deleted: ResourceEventType.Deleted,
    };
    this.watch<KubeObject, KubeObject>(
      { group, version, plural, ...(namespace ? { namespace } : {}) },
      {
        project: object => object,
        handler: {
          changed: ({ type, item, previous }) => {
            const object = item ?? previous;
            if (object) return onEvent(resourceEvent(plural, types[type], object));
          },
        },
      },
    );
  }

  protected override getCustomResourceApiUri(
    group: string,
    version: string,
    plural: string,
    namespace?: string,
  ): string {
    return resourcePath({ group, version, plural, ...(namespace ? { namespace } : {}) });
  }

  protected override async setResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta | null> {
    return this.patchResourceStatus(meta, status);
  }

  /** Refused with a conflict when the object is newer than `meta.resourceVersion`. */
  protected override async patchResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta | null> {
    return this.#patch(meta, '/status', { status });
  }

  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    await this.#patch(meta, '', { metadata: { finalizers } });
  }

  /** Called with what the API server answered to a write of this object. */
  protected abstract wrote(meta: ResourceMeta, answer: KubeObject): void;

  async #patch(
    meta: ResourceMeta,
    subresource: string,
    change: { metadata?: object; status?: unknown },
  ): Promise<ResourceMeta> {
    const plural = meta.id.slice(0, meta.id.indexOf('.'));
    const [group = '', version = ''] = meta.apiVersion.includes('/')
      ? meta.apiVersion.split('/')
      : ['', meta.apiVersion];
    const path = resourcePath({
      group,
      version,
      plural,
      name: meta.name,
      ...(meta.namespace ? { namespace: meta.namespace } : {}),
    });
    const answer = await this.transport.request<KubeObject>('PATCH', path + subresource, {
      contentType: 'application/merge-patch+json',
      body: { ...change, metadata: { ...change.metadata, resourceVersion: meta.resourceVersion } },
    });
    this.wrote(meta, answer);
    return ResourceMetaImpl.createWithId(meta.id, answer as unknown as KubernetesObject);
  }
}

/** The event that dot-i's finalizer rules take. */
export function resourceEvent(plural: string, type: ResourceEvent['type'], object: KubeObject): ResourceEvent {
  // client-node types times as Date, while the API gives strings; nothing here reads them.
  const known = object as unknown as KubernetesObject;
  return { meta: ResourceMetaImpl.createWithPlural(plural, known), type, object: known };
}

export { ResourceEventType };

function logger(log: Log): OperatorLogger {
  return {
    debug: message => log.debug(message),
    info: message => log.info(message),
    warn: message => log.warn(message),
    error: message => log.error(message),
  };
}
