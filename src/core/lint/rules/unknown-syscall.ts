import { allSyscallNames, isKnownSyscall } from '../../syscalls/table.ts';
import { closest } from '../closest.ts';
import type { Report, Rule } from '../finding.ts';

/** libseccomp's seccomp_syscall_resolve_name(3) knows exact kernel names only; runtimes drop the others without a word. */
export const unknownSyscall: Rule = {
  id: 'unknown-syscall',
  severity: 'warning',
  summary: 'a name that no architecture has: runtimes drop it without a word',
  *check(profile) {
    for (const rule of profile.rules) {
      const unknown = rule.names.filter(name => !isKnownSyscall(name));
      for (const name of unknown) yield report(name, rule.at);
    }
  },
};

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
