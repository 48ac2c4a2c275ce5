import type { Command } from './command.ts';
import { check } from './commands/check.ts';
import { completionOf } from './commands/completion.ts';
import { diff } from './commands/diff.ts';
import { explain } from './commands/explain.ts';
import { exportProfile } from './commands/export.ts';
import { generate } from './commands/generate.ts';
import { importProfile } from './commands/import.ts';
import { lint } from './commands/lint.ts';
import { merge } from './commands/merge.ts';
import { migrate } from './commands/migrate.ts';
import { nodes } from './commands/nodes.ts';
import { render } from './commands/render.ts';
import { rollout } from './commands/rollout.ts';
import { status } from './commands/status.ts';
import { suggest } from './commands/suggest.ts';
import { uninstall } from './commands/uninstall.ts';
import { violations } from './commands/violations.ts';

const WORKING: readonly Command[] = [
  generate,
  lint,
  check,
  explain,
  diff,
  merge,
  render,
  importProfile,
  exportProfile,
  status,
  nodes,
  rollout,
  violations,
  suggest,
  migrate,
  uninstall,
];

/** In the order in which one meets them. */
export const COMMANDS: readonly Command[] = [...WORKING, completionOf(WORKING)];
