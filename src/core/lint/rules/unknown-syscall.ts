import { nameList } from '../../status/name-list.ts';
import { allSyscallNames, isKnownSyscall } from '../../syscalls/table.ts';
import { closest } from '../closest.ts';
import type { Report, Rule } from '../finding.ts';

/** libseccomp's seccomp_syscall_resolve_name(3) knows exact kernel names only; runtimes drop the others without a word. */
export const unknownSyscall: Rule = {
  id: 'unknown-syscall',
  severity: 'warning',
  summary: 'a name that no architecture has: runtimes drop it without a word',
  *check(profile) {
    let left = MOST;
    for (const rule of profile.rules) {
      const unknown = rule.names.filter(name => !isKnownSyscall(name));
      for (const name of unknown.slice(0, left)) yield report(name, rule.at);
      const others = unknown.slice(left);
      left = Math.max(0, left - unknown.length);
      if (others.length) yield reportAll(others, rule.at);
    }
  },
};

/** Looking for what was meant takes long, and who gets that many names wrong has made another mistake. */
const MOST = 20;

function reportAll(names: readonly string[], syscall: number): Report {
  return {
    message: `there are no system calls ${nameList(names, 20)}: runtimes drop them without a word`,
    fix: 'Correct the names, or remove them. Names are those of syscalls(2).',
    syscall,
    names,
  };
}

function report(name: string, syscall: number): Report {
  const meant = guess(name);
  return {
    message: `there is no system call "${name}": runtimes drop it without a word${meant ? `; did you mean ${meant}?` : ''}`,
    fix: meant ? `Write ${meant}.` : 'Correct the name, or remove it. Names are those of syscalls(2).',
    syscall,
    names: [name],
  };
}

/** Other spellings first: of a header's constant, or with blanks and capitals. */
function guess(name: string): string | undefined {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^(__nr_|sys_|__x64_sys_|__se_sys_)/, '');
  return isKnownSyscall(bare) ? bare : closest(bare, allSyscallNames());
}
