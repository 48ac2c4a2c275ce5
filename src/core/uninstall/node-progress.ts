import { isEligible, type NodeInfo } from '../fleet/eligible.ts';

/** A core/v1 Pod of the removal, as far as it tells how far its node is. */
export interface RemovalPod {
  readonly metadata: { readonly ownerReferences?: readonly { readonly uid: string }[] };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly initContainerStatuses?: readonly {
      readonly state?: ContainerState;
      readonly lastState?: ContainerState;
    }[];
  };
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly exitCode?: number; readonly message?: string };
}

export interface NodeProgress {
  /** Nothing of ours is on these. */
  readonly done: readonly string[];
  readonly pending: readonly { readonly node: string; readonly why: string }[];
  /** Their kubelets are not heard: nothing can be removed from them now. */
  readonly unreachable: readonly string[];
}

const EVERYWHERE = { nodeSelector: {}, tolerations: [{ operator: 'Exists' }] };

/** `owner`: uid of the DaemonSet; Pods of one before it say nothing of this removal. */
export function nodeProgress(nodes: readonly NodeInfo[], pods: readonly RemovalPod[], owner: string): NodeProgress {
  const own = pods.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner));
  const byNode = new Map(own.map(pod => [pod.spec?.nodeName ?? '', pod]));
  const concerned = nodes.filter(node => isEligible(node, EVERYWHERE));
  const isDone = ({ name }: NodeInfo) => hasRemoved(byNode.get(name));
  const open = concerned.filter(node => !isDone(node));
  return {
    done: concerned.filter(isDone).map(({ name }) => name),
    pending: open.filter(node => node.ready).map(({ name }) => ({ node: name, why: whyNot(byNode.get(name)) })),
    unreachable: open.filter(node => !node.ready).map(({ name }) => name),
  };
}

function hasRemoved(pod: RemovalPod | undefined): boolean {
  const [removal] = pod?.status?.initContainerStatuses ?? [];
  return removal?.state?.terminated?.exitCode === 0;
}

function whyNot(pod: RemovalPod | undefined): string {
  if (!pod) return 'no Pod is there yet';
  const [removal] = pod.status?.initContainerStatuses ?? [];
  const ended = removal?.state?.terminated ?? removal?.lastState?.terminated;
  if (ended?.exitCode) return lastLine(ended.message) || `it ended with ${ended.exitCode}`;
  const { reason, message } = removal?.state?.waiting ?? {};
  if (reason && reason !== 'PodInitializing') return message ? `${reason}: ${message}` : reason;
  return 'its Pod is starting';
}

const lastLine = (text = ''): string => text.trim().split('\n').at(-1) ?? '';
