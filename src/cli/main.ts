#!/usr/bin/env node
import { UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { run } from './run.ts';

run(COMMANDS, process.argv.slice(2)).then(
  ({ text, notes = '', code }) => {
    process.stdout.write(text);
    process.stderr.write(notes);
    process.exitCode = code;
  },
  error => {
    process.stderr.write(`kubectl seccomp: ${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
