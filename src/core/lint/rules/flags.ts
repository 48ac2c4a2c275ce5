import { isAtLeast } from '../../versions.ts';
import type { Rule } from '../finding.ts';
import { runtimeText } from '../target.ts';

/** runc, CHANGELOG 1.2.0; WAIT_KILLABLE_RECV: libseccomp-golang, SetWaitKill. */
export const flags: Rule = {
  id: 'flags',
  severity: 'error',
  summary: 'flags that a runtime refuses: any with runc before 1.2, WAIT_KILLABLE_RECV with libseccomp before 2.6',
  *check({ spec }, { runtimes, libseccomp }) {
    if (!spec.flags?.length) return;
    const old = runtimes.filter(({ name, version }) => name === 'runc' && version && !isAtLeast(version, '1.2'));
    for (const runtime of old) {
      yield {
        message: `${runtimeText(runtime)} starts no container with flags ("seccomp flags are not yet supported by runc")`,
        fix: 'Remove flags, or use runc 1.2 or newer.',
        field: 'flags',
      };
    }
    const isOnRunc = runtimes.some(runtime => runtime.name === 'runc' && !old.includes(runtime));
    if (!spec.flags.includes('SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV') || !isOnRunc) return;
    if (libseccomp && isAtLeast(libseccomp, '2.6')) return;
    yield {
      message: 'runc with a libseccomp before 2.6 starts no container with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
      fix: 'Remove it, unless every runc is built with libseccomp 2.6 or newer.',
      severity: libseccomp ? 'error' : 'warning',
      field: 'flags',
    };
  },
};
