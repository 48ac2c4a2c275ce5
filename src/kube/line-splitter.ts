const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines. Lines are cut as bytes and decoded whole, so a character that spans two chunks stays
 * whole (no other UTF-8 byte is a newline), and a long line is copied once. What follows the last newline is never given.
 */
export class LineSplitter {
  #rest: Buffer[] = [];

  *push(chunk: Buffer): Generator<string, void, void> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#join(chunk, start, end);
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  #join(chunk: Buffer, start: number, end: number): string {
    if (this.#rest.length === 0) return chunk.toString('utf8', start, end);
    const line = Buffer.concat([...this.#rest, chunk.subarray(start, end)]).toString('utf8');
    this.#rest = [];
    return line;
  }
}
