import { COMMANDS } from '../../src/cli/commands.ts';
import { type Result, run } from '../../src/cli/run.ts';

/** Carries out a command line of `kubectl seccomp` in this process. */
export const kubectlSeccomp = (...args: readonly string[]): Promise<Result> => run(COMMANDS, args);
