import { own } from '../../own.ts';
import type { Rule } from '../finding.ts';

/** Arguments that are addresses of what is meant, in the calls that are most often filtered by them (man 2). */
const POINTERS: Readonly<Record<string, readonly number[]>> = {
  open: [0],
  openat: [1],
  openat2: [1, 2],
  execve: [0, 1, 2],
  execveat: [1, 2, 3],
  stat: [0, 1],
  unlink: [0],
  unlinkat: [1],
  mkdir: [0],
  mkdirat: [1],
  chmod: [0],
  chown: [0],
  mount: [0, 1, 2, 4],
  umount2: [0],
  connect: [1],
  bind: [1],
  sendto: [1, 4],
  clone3: [0],
};

export const pointerArgument: Rule = {
  id: 'pointer-argument',
  severity: 'warning',
  summary: 'a condition on a pointer: a filter sees the address, not what is there',
  *check(profile) {
    for (const { at, names, conditions } of profile.rules) {
      for (const [arg, { index, value }] of conditions.entries()) {
        const found = names.filter(name => own(POINTERS, name)?.includes(index));
        // Compared with 0 it asks whether there is a pointer at all.
        if (found.length === 0 || value === 0n) continue;
        yield {
          message: `argument ${index} of ${found.join(', ')} is a pointer: the filter compares the address, not what is there`,
          fix: 'Remove the condition; what it should guard (a path, an address) is for file permissions or an LSM.',
          syscall: at,
          arg,
          names: found,
        };
      }
    }
  },
};
