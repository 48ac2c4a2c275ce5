import { closeSync, openSync, readSync } from 'node:fs';
import { readText } from './manifest.ts';

/** Traces may be larger than memory, and lines longer than this are no trace. */
const CHUNK = 1 << 16;
const LONGEST = 1 << 22;

/** The lines of a file, one after the other; `-` is standard input. */
export function* linesOf(file: string): Generator<string> {
  if (file === '-') {
    yield* splitLast(readText(file));
    return;
  }
  const descriptor = openSync(file, 'r');
  try {
    const decoder = new TextDecoder();
    const buffer = Buffer.alloc(CHUNK);
    let rest = '';
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      const lines = (rest + decoder.decode(buffer.subarray(0, length), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > LONGEST)
        throw new Error(`${file}: has lines longer than ${LONGEST} characters: it is no trace`);
    }
    if (rest) yield rest;
  } finally {
    closeSync(descriptor);
  }
}

function splitLast(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
