import type { Arg, Syscall } from '../api/seccomp-profile.ts';
import { errnoNumber } from '../errno.ts';
import { takesErrno } from '../profile/actions.ts';
import type { ArchMapEntry, DockerProfile, DockerRule, Filter, KernelVersion } from './docker-profile.ts';
import { Fields } from './fields.ts';
import { FormatError } from './format-error.ts';

const ACTIONS = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const;
const OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;
/** What a filter can return: MAX_ERRNO of linux/err.h less one, which libseccomp takes. */
const MOST_ERRNO = 4094;
/** As in crds/seccompprofiles.yaml. */
const CALL = /^[A-Za-z0-9_]{1,64}$/;

/**
 * Reads the JSON of Docker (moby, profiles/seccomp), of Podman and CRI-O (containers/common, pkg/seccomp: `errno` by name)
 * and of the OCI runtime specification, alone or as `linux.seccomp` of a bundle's config.json. Throws {@link FormatError}.
 */
export function readDockerProfile(json: unknown): DockerProfile {
  const fields = new Fields(profileIn(json), '');
  const defaultAction = fields.oneOf('defaultAction', ACTIONS);
  if (!defaultAction) {
    throw new FormatError(
      'defaultAction: is missing, and a runtime takes that for "no profile"; is this the JSON of a seccomp profile?',
    );
  }
  const [architectures, archMap] = [fields.texts('architectures'), archMapOf(fields)];
  if (architectures.length && archMap.length)
    throw new FormatError('architectures: is there beside archMap, which Docker refuses; remove one of them');
  const unknown: string[] = [];
  const rules = fields.list('syscalls').map((value, at) => ruleOf(value, at, unknown));
  const profile = {
    defaultAction,
    defaultErrnoRet: errnoOf(fields, 'defaultErrno', 'defaultErrnoRet', defaultAction),
    architectures,
    archMap,
    flags: fields.texts('flags'),
    listenerPath: fields.text('listenerPath'),
    listenerMetadata: fields.text('listenerMetadata'),
    rules,
  };
  return { ...profile, unknown: [...fields.unread, ...unknown] };
}

/** A bundle's config.json has it in `linux.seccomp`. */
function profileIn(json: unknown): unknown {
  const { linux, kind } = (json ?? {}) as { linux?: { seccomp?: unknown }; kind?: unknown };
  if (kind === 'SeccompProfile') throw new FormatError('kind: this is a SeccompProfile already; use it as it is');
  return linux?.seccomp ?? json;
}

function archMapOf(fields: Fields): ArchMapEntry[] {
  return fields.list('archMap').map((value, at) => {
    const entry = new Fields(value, `archMap[${at}]`);
    return { architecture: entry.text('architecture') ?? '', subArchitectures: entry.texts('subArchitectures') };
  });
}

function ruleOf(value: unknown, at: number, unknown: string[]): DockerRule {
  const fields = new Fields(value, `syscalls[${at}]`);
  const action = fields.oneOf('action', ACTIONS);
  if (!action) throw new FormatError(`${fields.at('action')}: is missing; it is one of ${ACTIONS.join(', ')}`);
  const errnoRet = errnoOf(fields, 'errno', 'errnoRet', action);
  const conditions = fields.list('args');
  if (conditions.length > 6)
    throw new FormatError(`${fields.at('args')}: has ${conditions.length} conditions; 6 are taken`);
  const args = conditions.map((each, index) => argOf(each, `${fields.at('args')}[${index}]`, unknown));
  const rule: Syscall = {
    names: namesOf(fields),
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args.length ? { args } : {}),
  };
  const read = {
    at,
    rule,
    comment: fields.text('comment'),
    includes: filterOf(fields, 'includes', unknown),
    excludes: filterOf(fields, 'excludes', unknown),
  };
  unknown.push(...fields.unread);
  return read;
}

function namesOf(fields: Fields): string[] {
  const [name, names] = [fields.text('name'), fields.texts('names')];
  if (name && names.length)
    throw new FormatError(`${fields.at('name')}: is there beside names, which Docker and Podman refuse; remove one`);
  const all = name ? [name] : names;
  const odd = all.find(each => !CALL.test(each));
  if (odd !== undefined)
    throw new FormatError(`${fields.at('names')}: "${odd.slice(0, 80)}" cannot be a call's name; correct or remove it`);
  return all;
}

/** Podman's name of an error wins over the number; both mean something with actions that carry a number only. */
function errnoOf(fields: Fields, byName: string, byNumber: string, action: string): number | undefined {
  const [name, number] = [fields.text(byName), fields.integer(byNumber, 0xffffffff)];
  const errno = name === undefined ? number : /^\d+$/.test(name) ? Number(name) : errnoNumber(name);
  if (name !== undefined && errno === undefined)
    throw new FormatError(`${fields.at(byName)}: there is no error "${name}"; errno(3) has the names`);
  if (!takesErrno(action) || errno === undefined) return undefined;
  if (errno > MOST_ERRNO)
    throw new FormatError(`${fields.at(byNumber)}: ${errno} is no error number, which are 0 to ${MOST_ERRNO}`);
  return errno;
}

function argOf(value: unknown, path: string, unknown: string[]): Arg {
  const fields = new Fields(value, path);
  const op = fields.oneOf('op', OPERATORS);
  if (!op) throw new FormatError(`${fields.at('op')}: is missing; it is one of ${OPERATORS.join(', ')}`);
  const valueTwo = fields.uint64('valueTwo');
  const arg: Arg = {
    index: fields.integer('index', 5) ?? 0,
    value: fields.uint64('value'),
    ...(op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo } : {}),
    op,
  };
  unknown.push(...fields.unread);
  return arg;
}

function filterOf(rule: Fields, key: string, unknown: string[]): Filter | undefined {
  if (!rule.has(key)) return undefined;
  const fields = new Fields(rule.value(key), rule.at(key));
  const filter = {
    arches: fields.texts('arches'),
    caps: fields.texts('caps'),
    minKernel: kernelOf(fields.value('minKernel'), fields.at('minKernel')),
  };
  unknown.push(...fields.unread);
  return filter;
}

/** An empty one is 0.0 to Docker, which every kernel is. */
function kernelOf(value: unknown, path: string): KernelVersion | undefined {
  if (value === '') return { major: 0, minor: 0 };
  if (value === undefined) return undefined;
  return parseKernel(String(value), path);
}

/** `4.8`, as Docker takes it. Throws {@link FormatError}. */
export function parseKernel(text: string, path: string): KernelVersion {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})$/.exec(text) ?? [];
  if (major === undefined || minor === undefined || (Number(major) === 0 && Number(minor) === 0))
    throw new FormatError(`${path}: "${text}" is no kernel version; write it like 4.8`);
  return { major: Number(major), minor: Number(minor) };
}
