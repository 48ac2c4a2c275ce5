import type { Arg, Syscall } from '../api/seccomp-profile.ts';
import { takesErrno } from './actions.ts';
import { architecturesFor } from './architectures.ts';
import type { ResolvedSpec } from './base.ts';
import { formOf } from './form.ts';
import { parseUint64 } from './uint64.ts';

/**
 * The file for nodes of one architecture: the OCI runtime specification's `linux.seccomp` as JSON, and nothing else.
 * containerd ignores Docker's additions (`includes`, `minKernel`, ...), which would turn conditional rules into
 * unconditional ones; CRI-O and Docker read this form too. The same profile gives the same bytes, whatever the order of
 * its fields and names; the order of rules is kept, since among unconditional rules of one call the first one wins.
 *
 * Source: OCI runtime-spec, config-linux.md, "Seccomp". Throws `ProfileError` for a value beyond 64 bits.
 */
export function renderProfile(resolved: ResolvedSpec, nodeArchitecture: string): string {
  const spec = formOf(resolved);
  const architectures = architecturesFor(nodeArchitecture, spec.architectures ?? []);
  const fields: [string, Json][] = [['defaultAction', spec.defaultAction]];
  if (takesErrno(spec.defaultAction)) add(fields, 'defaultErrnoRet', spec.defaultErrnoRet);
  if (architectures.length) fields.push(['architectures', architectures]);
  // An empty list means "no flags", an absent one the runtime's default; a CustomResource cannot be trusted to keep the two
  // apart (tools drop empty lists), and runc before 1.2 refuses any. So flags are written only when there are some.
  if (spec.flags?.length) fields.push(['flags', [...spec.flags].sort()]);
  add(fields, 'listenerPath', spec.listenerPath);
  add(fields, 'listenerMetadata', spec.listenerMetadata);
  fields.push(['syscalls', rulesOf(spec).map((rule, at) => renderRule(rule, `spec.syscalls[${at}]`))]);
  return `${print(new Map(fields))}\n`;
}

/**
 * A profile without rules is read as "no profile" by some runtimes, and the container gets another one. A rule that says
 * what the default says changes nothing and prevents that.
 */
function rulesOf(spec: ResolvedSpec): readonly Syscall[] {
  if (spec.syscalls?.length) return spec.syscalls;
  const errno = spec.defaultErrnoRet === undefined ? {} : { errnoRet: spec.defaultErrnoRet };
  return [{ names: ['exit_group'], action: spec.defaultAction, ...errno }];
}

function renderRule(rule: Syscall, field: string): Json {
  const fields: [string, Json][] = [
    ['names', [...new Set(rule.names)].sort()],
    ['action', rule.action],
  ];
  if (takesErrno(rule.action)) add(fields, 'errnoRet', rule.errnoRet);
  if (rule.args?.length) {
    fields.push(['args', rule.args.map((arg, at) => renderArg(arg, `${field}.args[${at}]`))]);
  }
  return new Map(fields);
}

function renderArg(arg: Arg, field: string): Json {
  const fields: [string, Json][] = [
    ['index', arg.index],
    ['value', parseUint64(arg.value ?? 0, `${field}.value`)],
  ];
  // Only MASKED_EQ reads it: the mask is `value`, what it is compared with `valueTwo` (seccomp_rule_add(3)).
  if (arg.op === 'SCMP_CMP_MASKED_EQ') fields.push(['valueTwo', parseUint64(arg.valueTwo ?? 0, `${field}.valueTwo`)]);
  fields.push(['op', arg.op]);
  return new Map(fields);
}

function add(fields: [string, Json][], key: string, value: Json | undefined): void {
  if (value !== undefined) fields.push([key, value]);
}

/** JSON with exact integers: `JSON.stringify` takes no bigint, and a double would change large values. */
type Json = string | number | bigint | readonly Json[] | ReadonlyMap<string, Json>;

function print(value: Json, indent = ''): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  const inner = `${indent}  `;
  const [open, close, items] =
    value instanceof Map
      ? ['{', '}', [...value].map(([key, each]) => `${JSON.stringify(key)}: ${print(each, inner)}`)]
      : ['[', ']', (value as readonly Json[]).map(each => print(each, inner))];
  return `${open}\n${items.map(item => inner + item).join(',\n')}\n${indent}${close}`;
}
