import type { ControlPlane } from './control-plane.ts';
import { until } from './until.ts';

/** What a test reads of a SeccompProfile. */
export interface ProfileObject {
  metadata: { name: string; generation: number; resourceVersion: string };
  spec: Record<string, unknown>;
  status?: {
    observedGeneration?: number;
    usedBy?: number;
    rollout?: object;
    digest?: string;
    nodes?: { desired: number; installed: number; failed: number; unreachable: number; summary: string };
    warnings?: { rule: string; severity: string; field: string; message: string }[];
    failures?: { node: string; reason: string; message: string }[];
    conditions?: { type: string; status: string; reason: string; message: string; observedGeneration?: number }[];
  };
}

/** The SeccompProfiles of a cluster, as a person handles them with kubectl. */
export class Profiles {
  readonly #plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  async apply(name: string, spec: object): Promise<void> {
    const object = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec };
    await this.#plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  }

  /** Applies and waits until it is on every node that can be reached. */
  async install(name: string, spec: object): Promise<void> {
    await this.apply(name, spec);
    await this.untilReady(name);
  }

  get(name: string): Promise<ProfileObject> {
    return this.#plane.get<ProfileObject>(`/apis/seccomp-operator.dev/v1alpha1/seccompprofiles/${name}`);
  }

  async delete(name: string): Promise<void> {
    await this.#plane.kubectl(['delete', 'seccompprofile', name, '--timeout=60s']);
  }

  /** The Ready condition, if it speaks of the newest generation. */
  async ready(name: string): Promise<{ status: string; reason: string; message: string } | undefined> {
    const object = await this.get(name);
    const condition = object.status?.conditions?.find(each => each.type === 'Ready');
    return condition?.observedGeneration === object.metadata.generation ? condition : undefined;
  }

  /** Waits until the Ready condition is as given for the newest generation. */
  async untilReady(name: string, status = 'True', timeoutMs = 60_000): Promise<void> {
    await until(`${name} has Ready=${status}`, async () => (await this.ready(name))?.status === status, { timeoutMs });
  }
}
