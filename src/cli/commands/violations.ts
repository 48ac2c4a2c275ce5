import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import { effectOf } from '../../core/audit/action.ts';
import { GROUP, PROFILE_PLURAL, VERSION } from '../../core/names.ts';
import { findCondition } from '../../core/status/conditions.ts';
import { callKey } from '../../core/violations/call.ts';
import type { ProfileViolation } from '../../core/violations/ledger.ts';
import { resourcePath } from '../../kube/objects.ts';
import { type Change, Reflector } from '../../kube/reflector.ts';
import { jsonLog } from '../../runtime/log.ts';
import { get, list, withCluster } from '../cluster.ts';
import type { Command } from '../command.ts';
import { formatOf, printObjects, printTable } from '../output.ts';

export const violations: Command = {
  name: 'violations',
  operands: '[NAME]',
  least: 0,
  most: 1,
  summary: 'Calls that filters logged or refused, by profile.',
  options: { follow: { type: 'boolean', short: 'f', help: 'go on with what comes, one line each' } },
  examples: ['violations', 'violations web', 'violations web --follow', 'violations -o json'],
  async run(given) {
    const format = formatOf(given);
    const [name] = given.operands;
    if (given.options['follow']) return follow(name);
    const profiles = name
      ? [await get<SeccompProfile>(PROFILE_PLURAL, name)]
      : await list<SeccompProfile>(PROFILE_PLURAL);
    const seen = profiles.filter(({ status }) => status?.violations);
    const code = seen.length ? 1 : 0;
    if (format !== 'table') return { text: printObjects(seen.map(summary), format), code };
    return { text: seen.length ? printTable(rows(seen)) : '', notes: notes(profiles, seen), code };
  },
};

const summary = ({ metadata, status }: SeccompProfile) => ({ profile: metadata.name, ...status?.violations });

function rows(profiles: readonly SeccompProfile[]): string[][] {
  const lines = profiles.flatMap(({ metadata: { name }, status }) => {
    const { calls = [], otherCalls = 0, total = 0 } = status?.violations ?? {};
    const listed = calls.map(call => [
      name,
      call.syscall,
      String(call.count),
      call.lastTime,
      whereOf(call),
      effectOf(call),
    ]);
    const others = total - calls.reduce((sum, { count }) => sum + count, 0);
    return otherCalls || others > 0 ? [...listed, [name, `${otherCalls} others`, String(others), '', '', '']] : listed;
  });
  return [['PROFILE', 'CALL', 'COUNT', 'LAST', 'LAST IN', 'OUTCOME'], ...lines];
}

const whereOf = ({ pods }: ProfileViolation) => pods[0] ?? '-';

/** What keeps the list from being the whole truth. */
function notes(profiles: readonly SeccompProfile[], seen: readonly SeccompProfile[]): string {
  const watched = profiles.map(
    ({ metadata, status }) => [metadata.name, findCondition(status?.conditions, 'Watched')] as const,
  );
  const lines = watched
    .filter(([, condition]) => condition?.status === 'False')
    .map(([name, condition]) => `${name}: ${condition?.message}`);
  if (profiles.length && watched.every(([, condition]) => !condition))
    lines.push('violations are not counted: set violations.enabled in agent.yaml of ConfigMap seccomp-operator');
  else if (seen.length === 0) lines.push('no violations were seen');
  return lines.map(line => `${line}\n`).join('');
}

/** Until it is interrupted. */
async function follow(name: string | undefined): Promise<never> {
  return withCluster(
    transport =>
      new Promise<never>(() => {
        const known = new Map<string, number>();
        new Reflector<SeccompProfile, SeccompProfile>({
          transport,
          path: resourcePath({ group: GROUP, version: VERSION, plural: PROFILE_PLURAL }),
          name: 'profiles',
          ...(name ? { fieldSelector: `metadata.name=${name}` } : {}),
          project: profile => profile,
          log: jsonLog('warn'),
          handler: { changed: change => print(change, known) },
        }).start();
      }),
  );
}

function print({ item, initial }: Change<SeccompProfile, SeccompProfile>, known: Map<string, number>): void {
  const profile = item?.metadata.name ?? '';
  for (const call of item?.status?.violations?.calls ?? []) {
    const key = `${profile} ${callKey(call)}`;
    const more = call.count - (known.get(key) ?? 0);
    known.set(key, call.count);
    if (more <= 0) continue;
    const count = initial ? `${call.count} so far` : `+${more}`;
    process.stdout.write(
      `${call.lastTime} ${profile} ${call.syscall} ${count} in ${whereOf(call)} on ${call.nodes[0] ?? '-'}: ${effectOf(call)}\n`,
    );
  }
}
