import type { SeccompNodeStatus } from '../api/seccomp-node.ts';
import { printable } from '../status/printable.ts';

/** What a node's agent last said of itself, in the form that is compared: the operator keeps one for each node. */
export interface NodeReport {
  /** Every change up to this resourceVersion of the rendered ConfigMaps is applied and verified. */
  readonly resourceVersion: string | undefined;
  /** Digest over all files of the node, see `bundleDigest`. */
  readonly bundleDigest: string | undefined;
  /** Profiles that could not be installed, by name. */
  readonly failures: ReadonlyMap<string, NodeFailure>;
  /** Set when something stands in the way of all profiles, or of more than the report can list. */
  readonly trouble: NodeFailure | undefined;
}

export interface NodeFailure {
  readonly reason: string;
  readonly message: string;
}

/** A node that has not reported: everything is still to come. */
export const NO_REPORT: NodeReport = {
  resourceVersion: undefined,
  bundleDigest: undefined,
  failures: new Map(),
  trouble: undefined,
};

/** Reads a report out of `SeccompNode.status`. A list of failures that is cut short counts against every profile. */
export function readReport(status: SeccompNodeStatus | undefined): NodeReport {
  if (!status) return NO_REPORT;
  const failures = new Map(
    (status.failures ?? []).map(({ profile, reason, message }) => [profile, failure(reason, message)]),
  );
  const unlisted = (status.failuresTotal ?? 0) > failures.size;
  return {
    resourceVersion: status.bundle?.resourceVersion,
    bundleDigest: status.bundle?.digest,
    failures,
    trouble: unlisted || !status.bundle ? notSynced(status) : undefined,
  };
}

function notSynced(status: SeccompNodeStatus): NodeFailure | undefined {
  const synced = status.conditions?.find(condition => condition.type === 'Synced');
  if (synced?.status !== 'False') return undefined;
  return failure(synced.reason, synced.message);
}

const failure = (reason: string, message: string): NodeFailure => ({
  reason: printable(reason),
  message: printable(message),
});
