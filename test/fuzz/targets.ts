import { DOCUMENT_TARGETS } from './documents.ts';
import { SIMULATION_TARGETS } from './simulate.ts';
import type { Target } from './target.ts';
import { TRACE_TARGETS } from './traces.ts';

/** Every parser that reads what somebody else wrote. */
export const TARGETS: readonly Target[] = [...TRACE_TARGETS, ...DOCUMENT_TARGETS, ...SIMULATION_TARGETS];
