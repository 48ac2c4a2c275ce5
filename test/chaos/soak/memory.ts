import { readFileSync } from 'node:fs';
import type { Client } from '../system/world.ts';
import { type Slope, slopeOf } from './slope.ts';

/** What is lower in each minute is what the garbage collector cannot give back. */
const WINDOW_MS = 60_000;

interface Sample {
  readonly atMs: number;
  readonly anonymousMiB: number;
}

/** Anonymous resident memory of processes over time: what file pages of Node's own binary come to is not of interest. */
export class MemoryLog {
  readonly #samples = new Map<string, Sample[]>();

  take(clients: readonly Client[], atMs: number): void {
    for (const { name, process } of clients) {
      const samples = this.#samples.get(name) ?? [];
      samples.push({ atMs, anonymousMiB: anonymousMiB(process.pid) });
      this.#samples.set(name, samples);
    }
  }

  /** MiB an hour, and the lowest at the beginning and at the end, of what was measured after so long. */
  trend(name: string, warmUpMs: number): { slope: Slope; from: number; to: number } {
    const floors = this.#floors(name).filter(([minute]) => minute * WINDOW_MS >= warmUpMs);
    const { perUnit, margin, points } = slopeOf(floors);
    const perHour = 3_600_000 / WINDOW_MS;
    const slope = { perUnit: perUnit * perHour, margin: margin * perHour, points };
    return { slope, from: floors[0]?.[1] ?? Number.NaN, to: floors.at(-1)?.[1] ?? Number.NaN };
  }

  #floors(name: string): [minute: number, anonymousMiB: number][] {
    const floors = new Map<number, number>();
    for (const { atMs, anonymousMiB } of this.#samples.get(name) ?? []) {
      const minute = Math.floor(atMs / WINDOW_MS);
      floors.set(minute, Math.min(anonymousMiB, floors.get(minute) ?? Number.POSITIVE_INFINITY));
    }
    return [...floors];
  }
}

function anonymousMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
