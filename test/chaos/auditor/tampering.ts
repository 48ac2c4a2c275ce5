/** What others were made to do to files of ours: until it is right again it is no measure of the product. */
export class Tampering {
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();
  readonly #profiles = new Set<string>();

  /** A file on one node, until it is seen right. */
  file(node: string, profile: string): void {
    this.#files.add(`${node}/${profile}`);
  }

  /** All of a node, until everything is settled. */
  directory(node: string): void {
    this.#directories.add(node);
  }

  /** What the agents are told of a profile, until everything is settled: they do as they are told. */
  profile(name: string): void {
    this.#profiles.add(name);
  }

  isToldOtherwise(profile: string): boolean {
    return this.#profiles.has(profile);
  }

  /** On the node itself, past all that the product could know at once. */
  isHarmed(node: string, profile: string): boolean {
    return this.#directories.has(node) || this.#files.has(`${node}/${profile}`);
  }

  isExcused(node: string, profile: string): boolean {
    return this.isHarmed(node, profile) || this.#profiles.has(profile);
  }

  /** It was seen right. */
  healed(node: string, profile: string): void {
    this.#files.delete(`${node}/${profile}`);
  }

  settled(): void {
    this.#files.clear();
    this.#directories.clear();
    this.#profiles.clear();
  }
}
