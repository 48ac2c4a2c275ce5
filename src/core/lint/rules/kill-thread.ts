import type { Rule } from '../finding.ts';

/**
 * SECCOMP_RET_KILL_THREAD ends one thread (seccomp(2)). runc then waits for its own init, one of whose threads is gone: a
 * container that lacks a call at its start hangs in ContainerCreating.
 */
export const killThread: Rule = {
  id: 'kill-thread',
  severity: 'warning',
  summary: 'a default that kills single threads: starts hang, and programs lose a thread and go on',
  *check({ spec, default: { action } }) {
    if (action !== 'SCMP_ACT_KILL_THREAD') return;
    yield {
      message: `${spec.defaultAction} kills the thread that makes the call, not the program: a container that lacks a call at its start hangs in \`runc run\`, and a program that loses one thread may hang too`,
      fix: 'Use SCMP_ACT_KILL_PROCESS, or SCMP_ACT_ERRNO.',
      field: 'defaultAction',
    };
  },
};
