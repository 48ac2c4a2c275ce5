import type { Suite } from './suite.ts';
import { cost } from './suites/cost.ts';
import { fanOut } from './suites/fan-out.ts';
import { herd } from './suites/herd.ts';
import { idle } from './suites/idle.ts';
import { latency } from './suites/latency.ts';
import { memory } from './suites/memory.ts';
import { render } from './suites/render.ts';
import { restart } from './suites/restart.ts';
import { simulate } from './suites/simulate.ts';
import { start } from './suites/start.ts';
import { storm } from './suites/storm.ts';
import { violations } from './suites/violations.ts';

/** By the names that people type, in the order of a run of all. */
export const SUITES: Readonly<Record<string, Suite>> = {
  latency,
  'fan-out': fanOut,
  storm,
  cost,
  herd,
  restart,
  idle,
  memory,
  start,
  render,
  simulate,
  violations,
};
