import type { SeccompNode } from '../core/api/seccomp-node.ts';
import { isEligible, type NodeInfo, type Placement } from '../core/fleet/eligible.ts';
import { type NodeObject, nodeInfo } from '../core/fleet/node-info.ts';
import { NO_REPORT, type NodeReport, readReport } from '../core/fleet/node-report.ts';
import { isNodeArchitecture } from '../core/profile/architectures.ts';
import type { ViolationRecord } from '../core/rollout/evidence.ts';
import type { FleetNode } from '../core/status/installation.ts';
import { callsIn, type NodeViolations } from '../core/violations/report.ts';
import { readViolations } from '../core/violations/reported.ts';
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
  /** The API server keeps account of who wrote which field: twice the cost of a report. */
  readonly tracked: boolean;
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
    violations: readViolations(status?.violations, new Date()),
    drifted: status?.conditions?.some(({ type, status }) => type === 'Drifted' && status === 'True') ?? false,
    tracked: (metadata.managedFields ?? []).length > 0,
  };
}

function seenViolations(violations: NodeViolations | undefined): SeenViolations {
  if (!violations) return UNWATCHED;
  const records = callsIn(violations).map(
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

/** The nodes that should hold the profiles, with what their agents report: kept as changes come, whatever their number. */
export class Fleet {
  readonly #nodes: ReadonlyMap<string, NodeInfo>;
  readonly #reports: ReadonlyMap<string, ReportRef>;
  #placement: Placement;
  readonly #members = new Map<string, FleetNode>();
  #facts: { architectures: ReadonlySet<string>; kernels: ReadonlySet<string> } | undefined;

  constructor(nodes: ReadonlyMap<string, NodeInfo>, reports: ReadonlyMap<string, ReportRef>, placement: Placement) {
    this.#nodes = nodes;
    this.#reports = reports;
    this.#placement = placement;
    this.place(placement);
  }

  place(placement: Placement): void {
    this.#placement = placement;
    this.#members.clear();
    for (const name of this.#nodes.keys()) this.nodeChanged(name);
  }

  /** To be called after a Node changed. */
  nodeChanged(name: string): void {
    this.#facts = undefined;
    const node = this.#nodes.get(name);
    if (!node || !isEligible(node, this.#placement)) {
      this.#members.delete(name);
      return;
    }
    const { architecture, ready } = node;
    this.#members.set(name, { name, architecture, reachable: ready, report: this.#reportOf(node) });
  }

  /** To be called after a SeccompNode changed. */
  reported(name: string): void {
    const node = this.#nodes.get(name);
    const member = this.#members.get(name);
    if (node && member) this.#members.set(name, { ...member, report: this.#reportOf(node) });
  }

  isMember(name: string): boolean {
    return this.#members.has(name);
  }

  member(name: string): FleetNode | undefined {
    return this.#members.get(name);
  }

  get size(): number {
    return this.#members.size;
  }

  members(): Iterable<FleetNode> {
    return this.#members.values();
  }

  violationsOn(node: string): SeenViolations {
    const ref = this.#reports.get(node);
    return ref && ref.ownerUid === this.#nodes.get(node)?.uid ? seenViolations(ref.violations) : UNWATCHED;
  }

  /** Kernel versions of the nodes, as far as they are known. */
  kernels(): ReadonlySet<string> {
    return this.#known().kernels;
  }

  /** Node architectures to render for; amd64 while there is no node, so that mistakes show before the first one joins. */
  architectures(): ReadonlySet<string> {
    return this.#known().architectures;
  }

  /** What is asked for with each profile, and changes with nodes only. */
  #known() {
    if (this.#facts) return this.#facts;
    const architectures = new Set<string>();
    const kernels = new Set<string>();
    for (const { name, architecture } of this.#members.values()) {
      if (isNodeArchitecture(architecture)) architectures.add(architecture);
      const [version] = /^\d+\.\d+/.exec(this.#nodes.get(name)?.kernel ?? '') ?? [];
      if (version) kernels.add(version);
    }
    if (architectures.size === 0) architectures.add('amd64');
    this.#facts = { architectures, kernels };
    return this.#facts;
  }

  #reportOf(node: NodeInfo): NodeReport {
    const ref = this.#reports.get(node.name);
    return ref && ref.ownerUid === node.uid ? ref.report : NO_REPORT;
  }
}
