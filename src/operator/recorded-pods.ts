import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import { isLeftOut, withCalls, withLeftOut } from '../core/recording/calls.ts';
import { selectorText } from '../core/recording/selector.ts';
import type { RecordedProfile } from '../core/recording/status.ts';
import { covers, type Target } from '../core/recording/targets.ts';
import { filterOf } from '../core/uses/container-filters.ts';
import { LOGGED } from '../core/violations/call.ts';
import { callsIn, type NodeViolation, type NodeViolations } from '../core/violations/report.ts';
import { listEach } from '../kube/list.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodIndex } from './pod-index.ts';
import { type Pod, type PodUse, podUse, UNFINISHED_PODS } from './pod-uses.ts';

export interface RecordedPodsOptions {
  readonly transport: Transport;
  /** Pods that name a profile of ours, also those that ended a moment ago. */
  readonly pods: PodIndex;
  readonly violationsOn: (node: string) => NodeViolations | undefined;
}

/** When each profile of a recording came to be, in milliseconds. */
export type MadeAt = ReadonlyMap<string, number>;

/** The Pods that recordings select, and what nodes report of them. */
export class RecordedPods {
  readonly #options: RecordedPodsOptions;
  /** By recording: the UIDs that nodes know them by, with their node; also of Pods of which reports may still come. */
  readonly #selected = new Map<string, ReadonlyMap<string, string>>();

  constructor(options: RecordedPodsOptions) {
    this.#options = options;
  }

  /** Those that have not ended. Pods that name no profile of ours are not followed, so they are listed. */
  async select({ metadata: { name }, spec }: SeccompRecording): Promise<PodUse[]> {
    const { transport, pods: known } = this.#options;
    const query = { labelSelector: selectorText(spec.podSelector), fieldSelector: UNFINISHED_PODS };
    const lists = spec.namespaces.map(namespace => {
      const path = resourcePath({ group: '', version: 'v1', plural: 'pods', namespace });
      return listEach(transport, path, (pod: Pod) => [podUse(pod)], query);
    });
    const pods = (await Promise.all(lists)).flat();
    const before = [...(this.#selected.get(name) ?? [])].filter(([uid]) => known.get(uid));
    this.#selected.set(name, new Map([...before, ...pods.map(({ nodeUid, node }) => [nodeUid, node] as const)]));
    return pods;
  }

  forget(name: string): void {
    this.#selected.delete(name);
  }

  /** What was recorded for each profile, with what reports say now. */
  gather({ metadata, status = {} }: SeccompRecording, targets: readonly Target[], madeAt: MadeAt): RecordedProfile[] {
    const calls = this.#callsOf(this.#selected.get(metadata.name) ?? new Map(), targets, madeAt);
    return targets.map(target => {
      const before = status.profiles?.find(({ name }) => name === target.profile);
      const seen = calls.get(target) ?? [];
      const recorded = withCalls(
        before?.recorded ?? [],
        seen.filter(each => !isLeftOut(each)),
      );
      const leftOut = withLeftOut(before?.leftOut ?? [], seen.filter(isLeftOut), recorded);
      return {
        name: target.profile,
        localhostProfile: target.file,
        outcome: 'Pending',
        ...(recorded.length ? { recorded } : {}),
        ...(leftOut.length ? { leftOut } : {}),
      };
    });
  }

  #callsOf(
    selected: ReadonlyMap<string, string>,
    targets: readonly Target[],
    madeAt: MadeAt,
  ): Map<Target | undefined, NodeViolation[]> {
    const of = (node: string) => callsIn(this.#options.violationsOn(node) ?? { entries: [] });
    const targetOf = (entry: NodeViolation, node: string) =>
      selected.has(entry.podUID) ? this.#targetOf(node, entry, targets, madeAt) : undefined;
    const calls = [...new Set(selected.values())].flatMap(node =>
      of(node).map(entry => ({ entry, target: targetOf(entry, node) })),
    );
    const byTarget = Map.groupBy(calls, ({ target }) => target);
    return new Map([...byTarget].map(([target, own]) => [target, own.map(({ entry }) => entry)]));
  }

  /** A node speaks for its own Pods, and a container of the filter that it started with. */
  #targetOf(
    node: string,
    { podUID, containerID, action, firstTime }: NodeViolation,
    targets: readonly Target[],
    madeAt: MadeAt,
  ): Target | undefined {
    const pod = this.#options.pods.get(podUID);
    const filter = pod?.node === node && action === LOGGED ? filterOf(pod.filters, containerID) : undefined;
    const target = targets.find(({ file }) => file === filter?.file);
    if (!target || !filter || (filter.container !== undefined && !covers(target, filter.container))) return undefined;
    const startedAt = pod?.containers.find(({ id }) => id === containerID)?.startedAt ?? Date.parse(firstTime);
    return startedAt >= (madeAt.get(target.profile) ?? 0) ? target : undefined;
  }
}
