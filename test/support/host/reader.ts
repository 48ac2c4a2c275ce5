/**
 * Reads the profiles in a loop, as a container runtime would, until its standard input ends: `node reader.ts <directory>`.
 * Then prints a Readings as JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FILE_NAMES, textOf, versionOf } from './versions.ts';

export interface Readings {
  reads: number;
  /** How many different versions were seen. */
  versions: number;
  /** What was wrong, the first few: a text that is no version's, or no file. */
  wrong: string[];
}

const [directory = ''] = process.argv.slice(2);
const versions = new Set<number>();
const readings: Readings = { reads: 0, versions: 0, wrong: [] };

function read(name: string): void {
  readings.reads++;
  try {
    const text = readFileSync(join(directory, name), 'utf8');
    const version = versionOf(text);
    if (text === textOf(version)) versions.add(version);
    else report(`${name}: ${text.length} characters, claims version ${version}`);
  } catch (error) {
    report(String(error));
  }
}

function report(wrong: string): void {
  if (readings.wrong.length < 10) readings.wrong.push(wrong);
}

let ended = false;
process.stdin.resume().once('end', () => {
  ended = true;
});
while (!ended) {
  for (const name of FILE_NAMES) read(name);
  // Leaves the writer some of a small machine's processors.
  await delay(1);
}
console.log(JSON.stringify({ ...readings, versions: versions.size }));
