import type { ObjectMeta } from '../api/metadata.ts';
import type { NodeInfo, Taint } from './eligible.ts';

/** A core/v1 Node, as far as it matters here. */
export interface NodeObject {
  metadata: ObjectMeta;
  spec?: { taints?: Taint[] };
  status?: {
    conditions?: { type: string; status: string }[];
    nodeInfo?: { architecture?: string; operatingSystem?: string; kernelVersion?: string };
  };
}

export function nodeInfo({ metadata, spec, status }: NodeObject): NodeInfo {
  const labels = metadata.labels ?? {};
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    architecture: status?.nodeInfo?.architecture || (labels['kubernetes.io/arch'] ?? 'amd64'),
    operatingSystem: status?.nodeInfo?.operatingSystem || (labels['kubernetes.io/os'] ?? 'linux'),
    kernel: status?.nodeInfo?.kernelVersion ?? '',
    labels,
    taints: spec?.taints ?? [],
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
  };
}
