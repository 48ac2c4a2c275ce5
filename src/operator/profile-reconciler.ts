import type { RolloutState, SeccompProfile, SeccompProfileSpec } from '../core/api/seccomp-profile.ts';
import { reportSpreadMs } from '../core/fleet/report-spread.ts';
import type { Log } from '../core/log.ts';
import { GROUP, PROFILE_PLURAL, RENDERED_LABEL, VERSION } from '../core/names.ts';
import { dependencies, type ResolvedSpec, resolveBase } from '../core/profile/base.ts';
import { digestOf } from '../core/profile/digest.ts';
import { isDisabled } from '../core/profile/disabled.ts';
import { ProfileError } from '../core/profile/errors.ts';
import { profileFileName } from '../core/profile/file-name.ts';
import { renderedName } from '../core/profile/rendered-name.ts';
import { filesOf, type Kept } from '../core/rollout/files.ts';
import { type Holding, holdingAt, holdingOf } from '../core/rollout/holding.ts';
import { planOf } from '../core/rollout/plan.ts';
import type { ProfilePhase } from '../core/status/profile-status.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { Bundle } from './bundle.ts';
import type { Fleet } from './fleet.ts';
import type { PodUses } from './pod-uses.ts';
import type { Publication } from './publication.ts';
import { type ConfigMap, renderedConfigMap, renderedRef, sayTheSame } from './rendered-configmap.ts';
import type { RolloutReconciler } from './rollout-reconciler.ts';
import { isDeleted } from './watched-profile.ts';

export interface ProfileReconcilerOptions {
  readonly transport: Transport;
  readonly agentNamespace: string;
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly bundle: Bundle;
  readonly uses: PodUses;
  readonly fleet: Fleet;
  readonly rollouts: Pick<RolloutReconciler, 'settle' | 'dropBefore'>;
  readonly log: Log;
}

/** Brings one profile's ConfigMap to what the profile says: validate, resolve its base, render, write if it differs. */
export class ProfileReconciler {
  readonly #options: ProfileReconcilerOptions;
  readonly #publications = new Map<string, Publication>();

  constructor(options: ProfileReconcilerOptions) {
    this.#options = options;
  }

  publication(profile: string): Publication | undefined {
    return this.#publications.get(profile);
  }

  /** Profiles that have to be rendered anew when this one changes. */
  dependentsOf(profile: string): string[] {
    return [...this.#publications].filter(([, each]) => each.dependsOn.includes(profile)).map(([name]) => name);
  }

  /** Throws what the API server refused; a profile that cannot be rendered is a result, not an error. */
  async publish(profile: SeccompProfile): Promise<void> {
    const { name, generation = 0 } = profile.metadata;
    const record = (phase: ProfilePhase, dependsOn: readonly string[] = []) =>
      this.#publications.set(name, { generation, phase, dependsOn });
    if (isDisabled(profile.spec)) {
      if (this.#options.uses.count(name) === 0) await this.withdraw(name);
      record({ is: 'disabled' });
      return;
    }
    const dependsOn = this.#dependencies(profile);
    try {
      const resolved = this.#resolve(profile);
      const state = await this.#options.rollouts.settle(profile, resolved);
      const holding = holdingFor(profile.spec, state);
      const files = filesOf(resolved, this.#options.fleet.architectures(), holding, state?.before ?? []);
      await this.#write(profile, files);
      const rollout = state ? { stage: state.stage, strictDigest: state.strictDigest } : {};
      this.#publications.set(name, { generation, phase: { is: 'published' }, dependsOn, holding, ...rollout });
    } catch (error) {
      if (error instanceof ProfileError) {
        record({ is: 'stalled', reason: error.reason, message: error.message }, dependsOn);
        // Or nodes would be told two contents of one file.
        if (error.reason === 'PathConflict') await this.#remove(name);
        return;
      }
      if (!isConflict(error) && !isAlreadyExists(error))
        record({ is: 'retrying', ...retryReason(error as Error) }, dependsOn);
      throw error;
    }
  }

  /** Removes the rendered form, after which the agents remove the file. To be asked first: whether a Pod uses it. */
  async withdraw(name: string): Promise<void> {
    if (!this.#options.bundle.get(name)) return;
    // A ConfigMap of the newest version is no sign that the profile is known in its newest: while a Lease was deleted by hand
    // there are two leaders, and one may be late. No container starts without its file, so this is asked for.
    if (await this.#isWanted(name)) throw new Error('the profile is wanted again, which its watch has not told yet');
    await this.#remove(name);
  }

  forget(name: string): void {
    this.#publications.delete(name);
  }

  async #isWanted(name: string): Promise<boolean> {
    const path = resourcePath({ group: GROUP, version: VERSION, plural: PROFILE_PLURAL, name });
    try {
      const profile = await this.#options.transport.request<SeccompProfile>('GET', path);
      return !isDeleted(profile) && !isDisabled(profile.spec);
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #remove(name: string): Promise<void> {
    const { bundle, transport, log } = this.#options;
    const ref = bundle.get(name);
    if (!ref) return;
    try {
      const { uid, resourceVersion } = ref;
      await transport.request('DELETE', this.#path(name), { body: { preconditions: { uid, resourceVersion } } });
      log.info('rendered profile removed', { profile: name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #dependencies({ metadata, spec }: SeccompProfile): string[] {
    const bare = metadata.name.replace(/\.json$/, '');
    const others = dependencies(spec, name => this.#options.profiles.get(name)?.spec);
    return bare === metadata.name ? others : [...others, bare];
  }

  #resolve({ metadata: { name }, spec }: SeccompProfile): ResolvedSpec {
    this.#checkPath(name);
    return resolveBase(name, spec, base => this.#options.profiles.get(base)?.spec);
  }

  /** `a` and `a.json` would share a file: the shorter name has it. */
  #checkPath(name: string): void {
    const bare = name.replace(/\.json$/, '');
    if (bare === name || !this.#options.profiles.has(bare)) return;
    const file = profileFileName(name);
    throw new ProfileError(
      'PathConflict',
      `the file ${file} is that of the profile "${bare}" already: rename one of the two`,
    );
  }

  async #write(profile: SeccompProfile, files: ReadonlyMap<string, Kept>): Promise<void> {
    const { agentNamespace, bundle, fleet, log } = this.#options;
    const { name } = profile.metadata;
    const known = bundle.get(name);
    if (known && sayTheSame(files, known.digests)) return;
    const spread = reportSpreadMs(fleet.size);
    const wanted = renderedConfigMap(agentNamespace, profile, await this.#texts(profile, files), spread);
    const written = known ? await this.#replace(wanted, known.resourceVersion) : await this.#create(wanted);
    bundle.wrote(renderedRef(written));
    log.info('profile rendered', { profile: name, generation: profile.metadata.generation });
  }

  /** What nodes held before a rollout is only in the ConfigMap itself. */
  async #texts(profile: SeccompProfile, files: ReadonlyMap<string, Kept>): Promise<Map<string, string>> {
    const isThere = [...files.values()].some(file => !('text' in file));
    const present = isThere ? await this.#presentTexts(profile.metadata.name) : new Map<string, string>();
    const texts = new Map<string, string>();
    for (const [key, file] of files) {
      const text = 'text' in file ? file.text : present.get(file.digest);
      if (text === undefined) {
        await this.#options.rollouts.dropBefore(profile);
        throw new Error(
          'what nodes held before the rollout is there no more: nodes that it leaves out get the Audit form',
        );
      }
      texts.set(key, text);
    }
    return texts;
  }

  async #presentTexts(name: string): Promise<Map<string, string>> {
    try {
      const { data = {} } = await this.#options.transport.request<ConfigMap>('GET', this.#path(name));
      return new Map(Object.values(data).map(text => [digestOf(text), text]));
    } catch (error) {
      if (isNotFound(error)) return new Map();
      throw error;
    }
  }

  async #create(wanted: ConfigMap): Promise<ConfigMap> {
    const { transport, agentNamespace } = this.#options;
    const collection = resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace: agentNamespace });
    try {
      return await transport.request<ConfigMap>('POST', collection, { body: wanted });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const { metadata } = await transport.request<ConfigMap>('GET', `${collection}/${wanted.metadata.name}`);
      // The watch is about to tell of it; where somebody took its label away it never will.
      if (metadata.labels?.[RENDERED_LABEL] === 'true') throw error;
      return this.#replace(wanted, metadata.resourceVersion);
    }
  }

  /** Refused when it is newer than what we know: never tried again here, because then what we would write may be old. */
  async #replace(wanted: ConfigMap, resourceVersion: string | undefined): Promise<ConfigMap> {
    // Every node gets the object: without the account of who wrote which field it is a tenth smaller.
    const metadata = { ...wanted.metadata, managedFields: [{}], ...(resourceVersion ? { resourceVersion } : {}) };
    const body = { ...wanted, metadata };
    const path = this.#path(wanted.metadata.name.slice(renderedName('').length));
    try {
      return await this.#options.transport.request<ConfigMap>('PUT', path, { body });
    } catch (error) {
      // Deleted meanwhile: the watch has not told yet.
      if (isNotFound(error)) return this.#create(wanted);
      throw error;
    }
  }

  #path(name: string): string {
    return resourcePath({
      group: '',
      version: 'v1',
      plural: 'configmaps',
      namespace: this.#options.agentNamespace,
      name: renderedName(name),
    });
  }
}

function holdingFor(spec: SeccompProfileSpec, state: RolloutState | undefined): Holding {
  if (!state) return holdingOf(spec.mode ?? 'Enforce');
  return holdingAt(planOf(spec), state.stage, (state.before?.length ?? 0) > 0);
}

function retryReason(error: Error): { reason: string; message: string } {
  if (error instanceof ApiError)
    return { reason: 'PublishFailed', message: `the API server refused the rendered profile: ${error.message}` };
  return { reason: 'PublishFailed', message: `the rendered profile could not be written: ${error.message}` };
}
