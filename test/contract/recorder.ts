import type { KubeObject } from '../../src/kube/objects.ts';
import type { Change, ReflectorHandler } from '../../src/kube/reflector.ts';

/** Remembers all that a reflector told, and lets a test wait for it. */
export class Recorder<T> implements ReflectorHandler<KubeObject, T> {
  readonly changes: Change<KubeObject, T>[] = [];
  readonly syncs: string[] = [];
  readonly progressed: string[] = [];
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  changed(change: Change<KubeObject, T>): void {
    this.changes.push(change);
    this.#look();
  }

  synced(resourceVersion: string): void {
    this.syncs.push(resourceVersion);
    this.#look();
  }

  progress(resourceVersion: string): void {
    this.progressed.push(resourceVersion);
    this.#look();
  }

  /** Resolves as soon as it holds after something was told. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise(resolve => this.#waiting.push({ holds, resolve }));
  }

  /** Resolves when a change of that type of the object was told. */
  untilTold(type: Change<KubeObject, T>['type'], name: string): Promise<void> {
    return this.until(() => this.told.includes(`${type} ${name}`));
  }

  /** Like "added a", in the order it was told. */
  get told(): string[] {
    return this.changes.map(({ type, key }) => `${type} ${key.split('/').at(-1)}`);
  }

  #look(): void {
    const met = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter(each => !met.includes(each));
    for (const { resolve } of met) resolve();
  }
}
