import { GO_CALLS, startCallsOf } from '../lint/start-calls.ts';
import type { Group } from './groups.ts';

export type RuntimeChoice = 'runc' | 'crun' | 'any';

export interface StartOptions {
  readonly runtime: RuntimeChoice;
  /** Whether all Pods have `allowPrivilegeEscalation: false`. */
  readonly noNewPrivileges: boolean;
}

/**
 * What the runtime, in whatever version, calls between loading the filter and running the program; also what it can do
 * without when it is refused with EPERM, since these profiles refuse with ENOSYS (runc gives up where fchown is).
 */
export function runtimeGroup({ runtime, noNewPrivileges }: StartOptions): Group {
  const runtimes = runtime === 'any' ? (['runc', 'crun'] as const) : [runtime];
  const starts = runtimes.flatMap(name => startCallsOf({ name }));
  const names = starts
    .filter(each => each.noNewPrivileges || !noNewPrivileges)
    .flatMap(({ needed, wanted, made, sometimes }) => [...needed, ...wanted, ...made, ...sometimes]);
  const all = new Set([...names, ...(runtimes.includes('runc') ? GO_CALLS : [])]);
  const who = runtimes.length > 1 ? `${runtimes.join(' and ')} call` : `${runtimes[0]} calls`;
  const how = noNewPrivileges ? 'with allowPrivilegeEscalation: false' : 'whatever allowPrivilegeEscalation says';
  return { names: [...all].sort(), reason: `What ${who} under the profile to start the container, ${how}.` };
}
