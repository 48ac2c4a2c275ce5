import { effectOf } from '../audit/action.ts';
import type { StatedCondition } from '../status/conditions.ts';
import { cut, nameList } from '../status/name-list.ts';
import type { ProfileViolations } from './ledger.ts';

/** What the status says of violations, where these are watched. */
export interface ViolationFacts {
  readonly violations?: ProfileViolations | undefined;
  /** Undefined where the configuration does not enable it. */
  readonly watch?: Watch | undefined;
}

export interface Watch {
  /** Actions of the profile that leave no record. */
  readonly unrecorded: readonly string[];
  /** Nodes with Pods of the profile whose records are not read. */
  readonly blind: readonly string[];
}

/** For so long after the last violation the condition says that there was one. */
export const RECENT_MS = 3_600_000;

/** `Violated`, while there was one in the last hour, and `Watched`, where that can be told. */
export function violationConditions({ violations, watch }: ViolationFacts, now: Date): StatedCondition[] {
  return [
    ...(watch ? [watched(watch)] : []),
    ...(violations && isRecent(violations, now) ? [violated(violations)] : []),
  ];
}

export const isRecent = ({ lastTime }: ProfileViolations, now: Date): boolean =>
  now.getTime() - Date.parse(lastTime) < RECENT_MS;

function watched({ unrecorded, blind }: Watch): StatedCondition {
  const say = (status: 'True' | 'False', reason: string, message: string): StatedCondition => ({
    type: 'Watched',
    status,
    reason,
    message: cut(message, 1024),
  });
  if (blind.length)
    return say(
      'False',
      'NodesNotWatched',
      `no records from ${nameList(blind)}: see VIOLATIONS of kubectl get seccompnodes`,
    );
  if (unrecorded.length) {
    const actions = unrecorded.join(', ');
    return say(
      'False',
      'NotRecorded',
      `the kernel does not record ${actions}: add SECCOMP_FILTER_FLAG_LOG to spec.flags (runc 1.2, crun 1.0 or newer), or use mode Audit`,
    );
  }
  return say('True', 'Watched', 'every call that the filter logs or refuses is counted');
}

function violated({ total, calls, otherCalls }: ProfileViolations): StatedCondition {
  const [latest] = calls.toSorted((a, b) => (a.lastTime < b.lastTime ? 1 : -1));
  const refused = calls.some(({ action }) => action !== 'SCMP_ACT_LOG');
  const kinds = calls.length + otherCalls;
  const said = latest
    ? `last ${latest.syscall} in ${latest.pods[0] ?? 'a Pod that is gone'} on ${latest.nodes[0] ?? 'a node that is gone'}: ${effectOf(latest)}; `
    : '';
  return {
    type: 'Violated',
    status: 'True',
    reason: refused ? 'CallsRefused' : 'CallsLogged',
    message: cut(`${said}${total} calls of ${kinds} kinds in all; see kubectl seccomp violations`, 1024),
  };
}
