#!/usr/bin/env node
import { UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { nodeProblem } from './node-version.ts';
import { complaintOf, run } from './run.ts';

const problem = nodeProblem(process.versions.node);
const running = problem ? Promise.reject(new Error(problem)) : run(COMMANDS, process.argv.slice(2));

running.then(
  ({ text, notes = '', code }) => {
    process.stdout.write(text);
    process.stderr.write(notes);
    process.exitCode = code;
  },
  error => {
    process.stderr.write(`kubectl seccomp: ${complaintOf(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
