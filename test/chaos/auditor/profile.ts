import type { Stored } from '../system/api.ts';
import type { Spec } from '../system/specs.ts';

/** A SeccompProfile as the API server tells of it. */
export interface Told extends Stored {
  readonly spec: Spec & { readonly state?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly digest?: string;
    readonly nodes?: { readonly desired: number; readonly installed: number };
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
      readonly observedGeneration?: number;
    }[];
  };
}

export interface ToldNode extends Stored {
  readonly status?: {
    readonly bundle?: { readonly profiles: number };
    readonly failuresTotal?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

export function readyOf({ metadata, status }: Told) {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.observedGeneration === metadata.generation ? ready : undefined;
}

export const isReady = (profile: Told): boolean => readyOf(profile)?.status === 'True';
