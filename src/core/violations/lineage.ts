import type { ContainerRef } from './cgroup.ts';

/** Where a process lives: in a container of this node, or anywhere else on the machine. */
export type Home = ContainerRef | 'elsewhere';

export interface LineageOptions {
  /** Looks at the process now; undefined when it is gone. */
  readonly look: (pid: number) => Home | undefined;
  /** So many processes are remembered at least; never more than twice as many. */
  readonly capacity?: number;
}

/**
 * Which container each process belongs to, also after it has ended: a child is where its parent was when it was forked,
 * and the kernel's process connector (linux/cn_proc.h) tells of each fork before the child can make a call. So /proc is read
 * only for children of processes that are in no container: a runtime's first process of a container is such a one.
 */
export class Lineage {
  readonly #look: LineageOptions['look'];
  readonly #capacity: number;
  /** Two generations: when the younger is full it becomes the older, and the older is forgotten. */
  #young = new Map<number, Home>();
  #old = new Map<number, Home>();
  #hearsForks = false;

  constructor({ look, capacity = 16_384 }: LineageOptions) {
    this.#look = look;
    this.#capacity = capacity;
  }

  /** Whether every fork is told from now on; until then the kernel may have given a number to another process. */
  hears(everyFork: boolean): void {
    this.#hearsForks = everyFork;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  forked(parent: number, child: number): void {
    const home = this.#known(parent) ?? this.#learn(parent);
    if (isContainer(home)) this.#remember(child, home);
    // The parent may have been moved into a container since it was looked at.
    else this.#remember(child, this.#look(child) ?? this.#learn(parent) ?? home);
  }

  /** A runtime moves a process into its container before it executes the container's program. */
  executed(pid: number): void {
    if (!isContainer(this.#known(pid))) this.#learn(pid);
  }

  /** The home of a process that made a call a moment ago; undefined when it is gone and nobody told where it came from. */
  homeOf(pid: number): Home | undefined {
    const known = this.#known(pid);
    if (isContainer(known) && (this.#hearsForks || this.#young.has(pid))) return known;
    return this.#learn(pid) ?? known;
  }

  /** To be called now and then while forks are not told: what was known is only believed of a process that is gone. */
  age(): void {
    if (!this.#hearsForks) this.#turn();
  }

  /** Forks were missed. */
  forget(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #learn(pid: number): Home | undefined {
    const home = this.#look(pid);
    if (home) this.#remember(pid, home);
    return home;
  }

  #known(pid: number): Home | undefined {
    return this.#young.get(pid) ?? this.#old.get(pid);
  }

  #remember(pid: number, home: Home | undefined): void {
    if (home === undefined) {
      this.#young.delete(pid);
      this.#old.delete(pid);
      return;
    }
    if (this.#young.size >= this.#capacity) this.#turn();
    this.#young.set(pid, home);
  }

  #turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }
}

const isContainer = (home: Home | undefined): home is ContainerRef => typeof home === 'object';
