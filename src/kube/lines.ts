const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines, without their newline. Bytes are decoded a whole line at a time, so that a chunk border
 * inside a UTF-8 sequence does no harm, and a long line is copied once however many chunks it came in. What follows the last
 * newline is never given out: a line that was cut off is not a line.
 */
export class LineSplitter {
  #pending: Buffer[] = [];

  *push(chunk: Buffer): Generator<string, void> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield this.#complete(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#pending.push(chunk.subarray(start));
  }

  #complete(tail: Buffer): string {
    if (this.#pending.length === 0) return tail.toString('utf8');
    const line = Buffer.concat([...this.#pending, tail]);
    this.#pending = [];
    return line.toString('utf8');
  }
}
