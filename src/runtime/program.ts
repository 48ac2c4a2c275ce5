import { type ProgramSpec, readOptions, UsageError } from './options.ts';

/** Something that runs until it is stopped. */
export interface Running {
  stop(): Promise<void>;
  /** Ends it: a program that has done its work resolves, one that cannot go on rejects, which gives status 1. */
  readonly finished?: Promise<void>;
}

/**
 * Runs a program from its command line: help on stdout, a usage error with status 2, a clean stop on SIGTERM and SIGINT
 * (a second signal ends it at once), any other trouble with status 1 and one line on stderr.
 */
export async function runProgram<Name extends string>(
  program: ProgramSpec<Name>,
  start: (values: Record<Name, string>) => Promise<Running>,
): Promise<void> {
  try {
    const options = readOptions(program, process.argv.slice(2), process.env);
    if ('help' in options) {
      process.stdout.write(options.help);
      return;
    }
    const running = await start(options.values);
    await Promise.race([stopSignal(), ...(running.finished ? [running.finished] : [])]);
    await running.stop();
    process.exit(0);
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`${program.name}: ${(error as Error).message}\n`);
    process.exit(usage ? 2 : 1);
  }
}

function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
    }
  });
}
