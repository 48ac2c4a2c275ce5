import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml';

/** Finds the line of a field in a manifest, for programs that point at it. */
export class Positions {
  readonly #lines = new LineCounter();
  readonly #documents: readonly Document[];

  constructor(text: string) {
    this.#documents = parseAllDocuments(text, { lineCounter: this.#lines, intAsBigInt: true });
  }

  /** The line of a field such as `spec.syscalls[2].args[0]` of the object with that name, or of what is nearest above it. */
  lineOf(name: string, field: string): number {
    const document = this.#documents.find(each => each.getIn(['metadata', 'name']) === name) ?? this.#documents[0];
    const path = field.split(/[.[\]]+/).filter(Boolean);
    for (let length = path.length; length >= 0; length--) {
      const node = document?.getIn(
        path.slice(0, length).map(part => (/^\d+$/.test(part) ? Number(part) : part)),
        true,
      );
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
    return 1;
  }
}
