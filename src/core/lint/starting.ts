import { syscallNumber } from '../syscalls/table.ts';
import { FATAL_GO_CALLS, GO_CALLS, PROGRAM_CALLS, type StartCalls, startCallsOf } from './start-calls.ts';
import { type LintTarget, type Runtime, runtimeText } from './target.ts';
import { kills, type ProfileView } from './view.ts';

/** A runtime and a privilege setting that a container may be started with. */
export interface Setting {
  readonly runtime: Runtime;
  readonly calls: StartCalls;
  readonly text: string;
}

export function settingsOf({ runtimes, noNewPrivileges }: LintTarget): Setting[] {
  return runtimes.flatMap(runtime =>
    startCallsOf(runtime)
      .filter(calls => noNewPrivileges === undefined || calls.noNewPrivileges === noNewPrivileges)
      .map(calls => ({ runtime, calls, text: `${runtimeText(runtime)} ${privilegeText(calls.noNewPrivileges)}` })),
  );
}

const privilegeText = (noNewPrivileges: boolean): string =>
  noNewPrivileges ? 'with allowPrivilegeEscalation: false' : 'without allowPrivilegeEscalation: false';

/** What has to be allowed so that containers start, where none does; nothing where some do. */
export function lacking(profile: ProfileView, { needed, wanted, made }: StartCalls, target: LintTarget): string[] {
  const program = target.architectures.flatMap(arch => PROGRAM_CALLS[arch] ?? []);
  const refused = existing([...needed, ...program], target).filter(name => profile.refuses(name));
  const deadly = existing([...made, ...wanted], target).filter(name => isKilledFor(profile, name));
  if (refused.length + deadly.length === 0) return [];
  return unique([...refused, ...deadly, ...existing(wanted, target).filter(name => profile.refuses(name))]);
}

/** What has to be allowed so that all containers start, where some do. */
export function sometimesLacking(profile: ProfileView, { runtime, calls }: Setting, target: LintTarget): string[] {
  const wanted = lacking(profile, calls, target).length ? [] : calls.wanted;
  const now = runtime.name === 'runc' ? GO_CALLS : [];
  const refused = existing([...wanted, ...FATAL_GO_CALLS.filter(name => now.includes(name))], target);
  return unique([
    ...refused.filter(name => profile.refuses(name)),
    ...existing([...now, ...calls.sometimes], target).filter(name => isKilledFor(profile, name)),
  ]);
}

const existing = (names: readonly string[], { architectures }: LintTarget): string[] =>
  names.filter(name => architectures.some(arch => syscallNumber(arch, name) !== undefined));

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

const isKilledFor = (profile: ProfileView, name: string): boolean => profile.verdict(name).outcomes.every(kills);
