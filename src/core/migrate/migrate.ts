import type { SeccompProfile } from '../api/seccomp-profile.ts';
import { parseExact } from '../json/exact.ts';
import { API_VERSION, PROFILE_DIRECTORY, PROFILE_KIND } from '../names.ts';
import { localhostProfile, profileFileName } from '../profile/file-name.ts';
import { type Finding, Remarks } from './findings.ts';
import { type ForeignObject, isOfSpo, SPO_GROUP, titleOf } from './foreign-object.ts';
import { carryMetadata } from './metadata.ts';
import { keyOf, namesHere } from './names.ts';
import { leaveOut } from './others.ts';
import { carrySpec } from './spec.ts';

export interface Migration {
  readonly profiles: readonly SeccompProfile[];
  /** One for each object that somebody would miss, in their order. */
  readonly findings: readonly Finding[];
}

interface Draft {
  readonly profile: SeccompProfile;
  readonly remarks: Remarks;
}

/** A profile of a recording that goes on; it is on no node. */
const PARTIAL = 'spo.x-k8s.io/partial';
/** In this annotation Security Profiles Operator keeps the rules of a profile and all its bases. */
const MERGED = 'syscalls';
const REGISTRY = 'oci://';
/** A longer name makes no file name (crds/seccompprofiles.yaml). */
const MAX_NAME = 245;

/** SeccompProfiles of Security Profiles Operator as ours, and what does not carry over. */
export function migrate(objects: readonly ForeignObject[]): Migration {
  const all = objects.flatMap(itemsOf);
  const newest = new Map(all.filter(isProfile).map(object => [keyOf(object), object]));
  const names = namesHere([...newest.values()]);
  const drafts = new Map([...newest.values()].map(object => [object, draft(object, names)]));
  for (const [object, { profile, remarks }] of drafts) {
    const base = profile.spec.baseProfileName;
    const origin = base && newest.get(keyOf({ metadata: { ...object.metadata, name: base } }));
    if (!base) continue;
    checkBase(base, origin ? drafts.get(origin) : undefined, remarks);
    profile.spec.baseProfileName = (origin && names.get(keyOf(origin))) || base;
  }
  const kept = [...drafts.values()].filter(({ remarks }) => remarks.result !== 'left out');
  return { profiles: kept.map(({ profile }) => profile), findings: all.flatMap(object => findingOf(object, drafts)) };
}

/** `kubectl get -o yaml` gives one List. */
function itemsOf(object: ForeignObject | null): ForeignObject[] {
  if (!object) return [];
  const { items } = object as { items?: ForeignObject[] };
  return object.kind?.endsWith('List') && Array.isArray(items) ? items.flatMap(itemsOf) : [withoutNamespace(object)];
}

/** In v1 profiles are cluster-scoped: a namespace in a manifest has no meaning. */
function withoutNamespace(object: ForeignObject): ForeignObject {
  if (!isProfile(object) || object.apiVersion !== `${SPO_GROUP}/v1` || !object.metadata?.namespace) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

const isProfile = (object: ForeignObject): boolean => isOfSpo(object) && object.kind === 'SeccompProfile';

function findingOf(object: ForeignObject, drafts: ReadonlyMap<ForeignObject, Draft>): Finding[] {
  const found = drafts.get(object);
  if (found) return [found.remarks.of(titleOf(object))];
  if (!isProfile(object)) {
    const finding = leaveOut(object);
    return finding ? [finding] : [];
  }
  const remarks = new Remarks();
  remarks.problem('a later manifest of the same name is carried over');
  return [remarks.of(titleOf(object))];
}

function draft(object: ForeignObject, names: ReadonlyMap<string, string>): Draft {
  const remarks = new Remarks();
  const { metadata = {} } = object;
  const name = names.get(keyOf(object)) ?? '';
  checkState(object, remarks);
  checkName(object, name, names, remarks);
  const spec = carrySpec(withoutRegistry(object, remarks), remarks);
  const base = object.spec?.['baseProfileName'];
  if (typeof base === 'string' && base && !base.startsWith(REGISTRY)) spec.baseProfileName = base;
  const profile = { apiVersion: API_VERSION, kind: PROFILE_KIND, metadata: carryMetadata(metadata, name), spec };
  return { profile, remarks };
}

function checkState({ metadata = {} }: ForeignObject, remarks: Remarks): void {
  if (metadata.labels?.[PARTIAL] !== undefined)
    remarks.problem('a part of a recording that goes on, and on no node: end the recording, then migrate its result');
  if (metadata.deletionTimestamp) remarks.problem('it is being deleted');
}

function checkName(
  { metadata = {} }: ForeignObject,
  name: string,
  names: ReadonlyMap<string, string>,
  remarks: Remarks,
): void {
  if (name.length > MAX_NAME) remarks.problem(`metadata.name: longer than ${MAX_NAME} characters; rename it`);
  if ([...names.values()].filter(each => each === name).length > 1)
    remarks.problem(`metadata.name: another profile becomes "${name}" too; rename one of them`);
  if (!metadata.namespace) return;
  const before = `${PROFILE_DIRECTORY}/${metadata.namespace}/${profileFileName(metadata.name ?? '')}`;
  remarks.duty(`its file was ${before} and is ${localhostProfile(name)}: change localhostProfile in its Pods`);
}

/** A base in a registry was merged by Security Profiles Operator: that result is taken where it is known. */
function withoutRegistry({ metadata, spec = {} }: ForeignObject, remarks: Remarks): Readonly<Record<string, unknown>> {
  const base = String(spec['baseProfileName'] ?? '');
  if (!base.startsWith(REGISTRY)) return spec;
  const merged = parseRules(metadata?.annotations?.[MERGED]);
  if (!merged) {
    remarks.problem(
      `spec.baseProfileName: ${base} is in a registry, and nothing is fetched from one here: ` +
        'apply it as a SeccompProfile of its own and name that, or migrate from the cluster, which knows its rules',
    );
    return spec;
  }
  remarks.note(`spec.baseProfileName: the rules of ${base}, as they are on the nodes, became its own`);
  return { ...spec, syscalls: merged };
}

function parseRules(text: string | undefined): unknown[] | undefined {
  try {
    const rules = parseExact(text ?? '');
    return Array.isArray(rules) ? rules : undefined;
  } catch {
    return undefined;
  }
}

function checkBase(base: string, found: Draft | undefined, remarks: Remarks): void {
  if (!found) remarks.duty(`spec.baseProfileName: its base "${base}" is not among these; it waits until there is one`);
  else if (found.remarks.result === 'left out')
    remarks.duty(`spec.baseProfileName: its base "${base}" is left out, see there; it waits until there is one`);
}
