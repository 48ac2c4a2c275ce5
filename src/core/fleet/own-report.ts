import type { SeccompNodeStatus } from '../api/seccomp-node.ts';
import { bundleDigest } from '../profile/digest.ts';
import { compareResourceVersions } from '../resource-version.ts';
import { mergeConditions, type StatedCondition } from '../status/conditions.ts';
import { cut, nameList } from '../status/name-list.ts';

/** What an agent knows of its node, as input of its report. */
export interface NodeFacts {
  readonly agentVersion: string;
  readonly architecture: string;
  /** Files on the disk with their digests. */
  readonly installed: ReadonlyMap<string, string>;
  /** Everything up to here is applied; nothing while the directory cannot be used or the first list is not complete. */
  readonly appliedTo: string | undefined;
  /** resourceVersion of the newest change among that; unknown where the node's labels decide what it holds. */
  readonly changedAt: string | undefined;
  /** By profile. */
  readonly failures: ReadonlyMap<string, ProfileFailure>;
  /** What stands in the way of all profiles. */
  readonly trouble: { readonly reason: string; readonly message: string } | undefined;
  readonly repairs: Repairs;
}

export interface ProfileFailure {
  readonly digest: string;
  readonly reason: string;
  readonly message: string;
}

export interface Repairs {
  readonly total: number;
  readonly lastTime?: string;
  readonly lastFile?: string;
}

/** So many are listed; a report must not grow with the number of profiles. */
const MAX_FAILURES = 16;
/** For so long after a repair the node counts as drifted. */
const DRIFT_MS = 3_600_000;

/** What the agent says; `violations` is for another program to write. */
export type OwnStatus = Omit<SeccompNodeStatus, 'violations'>;

/** The whole report. Every field is there (null where it says nothing), so that a merge patch replaces all of it. */
export type NodeReportBody = { [F in keyof Required<OwnStatus>]: OwnStatus[F] | null };

export function ownReport(facts: NodeFacts, previous: OwnStatus | undefined, now: Date): NodeReportBody {
  const failures = [...facts.failures].sort(([a], [b]) => (a < b ? -1 : 1));
  const { appliedTo, installed } = facts;
  const digest = bundleDigest(installed);
  const resourceVersion = isAsTrue(previous?.bundle, digest, facts) ? previous?.bundle?.resourceVersion : appliedTo;
  const bundle = { digest, profiles: installed.size, resourceVersion: resourceVersion ?? '' };
  return {
    agentVersion: facts.agentVersion,
    architecture: facts.architecture,
    bundle: appliedTo === undefined ? null : bundle,
    failures: failures.length ? failures.slice(0, MAX_FAILURES).map(listed) : null,
    failuresTotal: failures.length,
    repairs: facts.repairs.total ? facts.repairs : null,
    conditions: mergeConditions(previous?.conditions ?? [], [synced(facts), ...drifted(facts.repairs, now)], 0, now),
  };
}

/**
 * What an agent finds that starts anew, or lists anew, is mostly what it has reported already, as of an earlier moment: where
 * nothing has changed since, that is as true as before, and need not be written again.
 */
function isAsTrue(before: OwnStatus['bundle'], digest: string, { appliedTo, changedAt }: NodeFacts): boolean {
  if (!before || before.digest !== digest || appliedTo === undefined || changedAt === undefined) return false;
  const isSince = compareResourceVersions(before.resourceVersion, changedAt) >= 0;
  return isSince && compareResourceVersions(before.resourceVersion, appliedTo) <= 0;
}

function listed([profile, { digest, reason, message }]: [string, ProfileFailure]) {
  return { profile, ...(digest ? { digest } : {}), reason, message: cut(message, 256) };
}

function synced({ trouble, failures, appliedTo, installed }: NodeFacts): StatedCondition {
  const say = (status: 'True' | 'False' | 'Unknown', reason: string, message: string): StatedCondition => ({
    type: 'Synced',
    status,
    reason,
    message: cut(message, 512),
  });
  if (trouble) return say('False', trouble.reason, trouble.message);
  const [first] = failures.values();
  if (first) {
    const names = nameList([...failures.keys()]);
    return say('False', 'InstallFailed', `${failures.size} profiles are not installed (${names}): ${first.message}`);
  }
  if (appliedTo === undefined) return say('Unknown', 'Starting', 'the first list of profiles is not complete');
  return say('True', 'Installed', `${installed.size} profiles on disk, verified`);
}

function drifted({ lastTime, lastFile, total }: Repairs, now: Date): StatedCondition[] {
  if (!lastTime || now.getTime() - Date.parse(lastTime) > DRIFT_MS) return [];
  const message = `${lastFile} was altered on the node, and repaired at ${lastTime} (${total} since the agent started)`;
  return [{ type: 'Drifted', status: 'True', reason: 'Repaired', message }];
}
