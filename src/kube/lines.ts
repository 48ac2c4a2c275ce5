/**
 * Cuts a stream of bytes into lines. Bytes are decoded a line at a time, so that a character split over two chunks stays
 * whole; what follows the last newline is never a line: a watch event that was cut off is not delivered.
 */
export class LineSplitter {
  #rest: Buffer[] = [];

  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield this.#line(chunk.subarray(start, end));
      start = end + 1;
    }
    // A copy, because a slice would keep the whole chunk in memory.
    if (start < chunk.length) this.#rest.push(start === 0 ? chunk : Buffer.from(chunk.subarray(start)));
  }

  #line(end: Buffer): string {
    if (this.#rest.length === 0) return end.toString('utf8');
    const line = Buffer.concat([...this.#rest, end]).toString('utf8');
    this.#rest = [];
    return line;
  }
}

const NEWLINE = 0x0a;
