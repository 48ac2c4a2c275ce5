import type { SeccompNode } from '../core/api/seccomp-node.ts';
import { isEligible, type NodeInfo, type Placement } from '../core/fleet/eligible.ts';
import { type NodeObject, nodeInfo } from '../core/fleet/node-info.ts';
import { NO_REPORT, type NodeReport, readReport } from '../core/fleet/node-report.ts';
import type { ViolationRecord } from '../core/rollout/evidence.ts';
import type { FleetNode } from '../core/status/installation.ts';
import type { NodeViolations } from '../core/violations/tally.ts';
import type { KubeObject } from '../kube/objects.ts';

/** A core/v1 Node, as far as it matters here. */
export interface Node extends KubeObject, NodeObject {
  metadata: KubeObject['metadata'];
}

export { nodeInfo };

/** A SeccompNode, as far as the operator keeps it. */
export interface ReportRef {
  readonly uid: string;
  /** uid of the Node that owns it: another one of the same name has not reported yet. */
  readonly ownerUid: string | undefined;
  readonly report: NodeReport;
  readonly violations: NodeViolations | undefined;
  /** A file was altered by somebody else, and repaired, in the last hour. */
  readonly drifted: boolean;
}

/** What a node's reports say of violations. */
export interface SeenViolations {
  /** They are counted there; else why not. */
  readonly watched: true | string;
  readonly records: readonly ViolationRecord[];
}

export const UNWATCHED: SeenViolations = { watched: 'not counted there, see violations in agent.yaml', records: [] };

export function reportRef({ metadata, status }: SeccompNode & KubeObject): ReportRef {
  return {
    uid: metadata.uid ?? '',
    ownerUid: metadata.ownerReferences?.[0]?.uid,
    report: readReport(status),
    violations: status?.violations,
    drifted: status?.conditions?.some(({ type, status }) => type === 'Drifted' && status === 'True') ?? false,
  };
}

function seenViolations(violations: NodeViolations | undefined): SeenViolations {
  if (!violations) return UNWATCHED;
  const records = violations.entries.map(
    ({ podUID, containerID, syscall, architecture, action, count, firstTime }) => ({
      podUID,
      containerID,
      call: `${syscall} ${architecture} ${action}`,
      count,
      firstTime,
    }),
  );
  return { watched: violations.state === 'Watching' || `${violations.state}: ${violations.message}`, records };
}

/** The nodes that should hold the profiles, with what their agents report. Recomputed only after a change. */
export class Fleet {
  readonly #nodes: ReadonlyMap<string, NodeInfo>;
  readonly #reports: ReadonlyMap<string, ReportRef>;
  #placement: Placement;
  #members: FleetNode[] | undefined;

  constructor(nodes: ReadonlyMap<string, NodeInfo>, reports: ReadonlyMap<string, ReportRef>, placement: Placement) {
    this.#nodes = nodes;
    this.#reports = reports;
    this.#placement = placement;
  }

  place(placement: Placement): void {
    this.#placement = placement;
    this.changed();
  }

  /** To be called after a Node or a SeccompNode changed. */
  changed(): void {
    this.#members = undefined;
  }

  isMember(name: string): boolean {
    const node = this.#nodes.get(name);
    return node !== undefined && isEligible(node, this.#placement);
  }

  members(): readonly FleetNode[] {
    this.#members ??= [...this.#nodes.values()]
      .filter(node => isEligible(node, this.#placement))
      .map(node => ({
        name: node.name,
        architecture: node.architecture,
        reachable: node.ready,
        report: this.#reportOf(node),
      }));
    return this.#members;
  }

  violationsOn(node: string): SeenViolations {
    const ref = this.#reports.get(node);
    return ref && ref.ownerUid === this.#nodes.get(node)?.uid ? seenViolations(ref.violations) : UNWATCHED;
  }

  /** Kernel versions of the nodes, as far as they are known. */
  kernels(): ReadonlySet<string> {
    const eligible = [...this.#nodes.values()].filter(node => isEligible(node, this.#placement));
    return new Set(eligible.map(({ kernel = '' }) => /^\d+\.\d+/.exec(kernel)?.[0] ?? '').filter(Boolean));
  }

  /** Node architectures to render for; amd64 while there is no node, so that mistakes show before the first one joins. */
  architectures(): ReadonlySet<string> {
    const found = new Set(this.members().map(node => node.architecture));
    return found.size ? found : new Set(['amd64']);
  }

  #reportOf(node: NodeInfo): NodeReport {
    const ref = this.#reports.get(node.name);
    return ref && ref.ownerUid === node.uid ? ref.report : NO_REPORT;
  }
}
