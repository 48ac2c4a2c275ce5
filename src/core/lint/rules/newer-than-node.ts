import { nameList } from '../../status/name-list.ts';
import { kernelVersion, libseccompVersion } from '../../syscalls/table.ts';
import { isAtLeast } from '../../versions.ts';
import type { Rule } from '../finding.ts';

/** Kernel versions: syscalls(2). libseccomp's: its CHANGELOG. */
export const newerThanNode: Rule = {
  id: 'newer-than-node',
  severity: 'warning',
  summary: 'a call that the oldest kernel or libseccomp of the target does not know',
  *check(profile, { kernel, libseccomp }) {
    for (const rule of profile.rules) {
      const dropped = rule.names.filter(name => isNewer(libseccompVersion(name), libseccomp));
      if (dropped.length) {
        yield {
          message: `libseccomp ${libseccomp} does not know ${nameList(dropped, 20)}: it drops them, so that there they get what other calls get, ${profile.default.action}`,
          fix: `Update the runtime on those nodes: libseccomp ${newest(dropped.map(libseccompVersion))} knows all of them.`,
          syscall: rule.at,
          names: dropped,
        };
      }
      const absent = rule.names.filter(name => !dropped.includes(name) && isNewer(kernelVersion(name), kernel));
      if (absent.length) {
        yield {
          message: `kernel ${kernel} does not have ${nameList(absent, 20)}: there the calls end with ENOSYS, whatever the profile says`,
          fix: 'Nothing, as long as programs can do without them on those nodes.',
          severity: 'info',
          syscall: rule.at,
          names: absent,
        };
      }
    }
  },
};

const isNewer = (since: string | undefined, have: string | undefined): boolean =>
  since !== undefined && have !== undefined && !isAtLeast(have, since);

const newest = (versions: readonly (string | undefined)[]): string =>
  versions.reduce<string>((best, each) => (each && isAtLeast(each, best) ? each : best), '0');
