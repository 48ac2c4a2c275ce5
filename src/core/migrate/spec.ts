import type { Arg, SeccompProfileSpec, Syscall } from '../api/seccomp-profile.ts';
import { takesErrno } from '../profile/actions.ts';
import { UINT64_MAX } from '../profile/uint64.ts';
import type { Remarks } from './findings.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Bounds of our CRD (crds/seccompprofiles.yaml) that Security Profiles Operator's does not have. */
const MAX_RULES = 1024;
const MAX_NAMES = 1024;
const MAX_ARGS = 6;
const MAX_ERRNO = 4094;
const SYSCALL_NAME = /^[A-Za-z0-9_]{1,64}$/;
const LISTENER_PATH = /^\/[^/\0].{0,106}$/;
const MAX_LISTENER_METADATA = 4096;

const CARRIED = ['defaultAction', 'defaultErrnoRet', 'architectures', 'flags', 'listenerPath', 'listenerMetadata'];
const HANDLED = ['syscalls', 'state', 'disabled', 'baseProfileName'];

/**
 * A spec of Security Profiles Operator's (v1, v1beta1, v1alpha1) as ours, with the same meaning on the node. What our API
 * would refuse is left out where no runtime ever read it, and is a problem elsewhere. `baseProfileName` is the caller's.
 */
export function carrySpec(spec: Fields, remarks: Remarks): SeccompProfileSpec {
  for (const field of Object.keys(spec)) {
    if (!CARRIED.includes(field) && !HANDLED.includes(field)) remarks.note(`spec.${field}: left out, unknown here`);
  }
  if (typeof spec['defaultAction'] !== 'string') remarks.problem('spec.defaultAction: missing, and required');
  checkListener(spec, remarks);
  const carried = CARRIED.filter(field => !isEmpty(spec[field])).map(field => [field, spec[field]]);
  const syscalls = carryRules(spec['syscalls'], remarks);
  const isDisabled = spec['state'] === 'Disabled' || spec['disabled'] === true;
  return {
    ...(Object.fromEntries(carried) as SeccompProfileSpec),
    ...(syscalls.length ? { syscalls } : {}),
    ...(isDisabled ? { state: 'Disabled' } : {}),
  };
}

function checkListener({ listenerPath, listenerMetadata }: Fields, remarks: Remarks): void {
  if (!isEmpty(listenerPath) && !LISTENER_PATH.test(String(listenerPath))) {
    remarks.problem('spec.listenerPath: must be the absolute path of a socket, at most 108 characters');
  }
  if (!isEmpty(listenerMetadata) && String(listenerMetadata).length > MAX_LISTENER_METADATA) {
    remarks.problem(`spec.listenerMetadata: longer than ${MAX_LISTENER_METADATA} characters; shorten it`);
  }
}

function carryRules(rules: unknown, remarks: Remarks): Syscall[] {
  const carried = listOf(rules).flatMap((rule, at) => carryRule(rule, `spec.syscalls[${at}]`, remarks));
  if (carried.length > MAX_RULES) {
    remarks.problem(
      `spec.syscalls: ${carried.length} rules, at most ${MAX_RULES} fit; put calls with the same action and args into one`,
    );
  }
  return carried;
}

/** None where no name is left that a system call could have. */
function carryRule(rule: Fields, field: string, remarks: Remarks): Syscall[] {
  const names = carryNames(rule['names'], field, remarks);
  if (names.length === 0) return [];
  const args = listOf(rule['args']).map((arg, at) => carryArg(arg, `${field}.args[${at}]`, remarks));
  if (args.length > MAX_ARGS) remarks.problem(`${field}.args: ${args.length} conditions, at most ${MAX_ARGS} fit`);
  const errnoRet = carryErrno(rule, field, remarks);
  return [
    {
      names,
      action: rule['action'] as Syscall['action'],
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args.length ? { args } : {}),
    },
  ];
}

function carryNames(names: unknown, field: string, remarks: Remarks): string[] {
  const given = Array.isArray(names) ? names.map(String) : [];
  const good = given.filter(name => SYSCALL_NAME.test(name));
  const odd = given.filter(name => !SYSCALL_NAME.test(name));
  if (odd.length) remarks.note(`${field}.names: left out ${quoted(odd)}, since no system call has such a name`);
  if (good.length > MAX_NAMES) remarks.problem(`${field}.names: ${good.length} names; split the rule`);
  return [...new Set(good)];
}

/**
 * Security Profiles Operator leaves a 0 out of the file it writes, and the runtime takes EPERM then (OCI runtime-spec,
 * config-linux.md, "errnoRet"); here a 0 is written, and would feign success. Before 0.8 the field was a string.
 */
function carryErrno({ errnoRet, action }: Fields, field: string, remarks: Remarks): number | undefined {
  if (isEmpty(errnoRet)) return undefined;
  if (!takesErrno(String(action))) {
    remarks.note(`${field}.errnoRet: left out, since ${action} gives no number to the caller`);
    return undefined;
  }
  const number = Number(errnoRet);
  if (!Number.isInteger(number) || number < 0 || number > MAX_ERRNO) {
    remarks.problem(`${field}.errnoRet: ${errnoRet} is no error number that a runtime takes; write 1 to ${MAX_ERRNO}`);
    return undefined;
  }
  if (number > 0) return number;
  remarks.note(`${field}.errnoRet: 0 left out, as Security Profiles Operator does: the call fails with EPERM`);
  return undefined;
}

function carryArg(arg: Fields, field: string, remarks: Remarks): Arg {
  const index = Number(arg['index'] ?? 0);
  const op = arg['op'] as Arg['op'];
  if (index > 5) remarks.problem(`${field}.index: ${index}, but a system call has six arguments; use 0 to 5`);
  const value = carryValue(arg['value'], `${field}.value`, remarks);
  const valueTwo = carryValue(arg['valueTwo'], `${field}.valueTwo`, remarks);
  const isRead = op === 'SCMP_CMP_MASKED_EQ';
  if (valueTwo !== undefined && !isRead) remarks.note(`${field}.valueTwo: left out, since ${op} does not read it`);
  return {
    index,
    ...(value === undefined ? {} : { value }),
    ...(valueTwo === undefined || !isRead ? {} : { valueTwo }),
    op,
  };
}

/** Undefined for 0, which is what an absent one means. */
function carryValue(value: unknown, field: string, remarks: Remarks): number | string | undefined {
  if (isEmpty(value) || String(value) === '0') return undefined;
  const number = integerOf(value);
  if (number === undefined || number > UINT64_MAX) {
    remarks.problem(`${field}: ${value} is no unsigned 64-bit integer; write 0 to ${UINT64_MAX}`);
  } else if (number < 0n) {
    const [long, short] = [BigInt.asUintN(64, number), BigInt.asUintN(32, number)];
    remarks.problem(
      `${field}: ${value}, but the kernel compares without sign; write "${long}" where the caller passes 64 bits, ${short} where it passes 32`,
    );
  }
  return value as number | string;
}

function integerOf(value: unknown): bigint | undefined {
  try {
    return BigInt(value as string | number);
  } catch {
    return undefined;
  }
}

const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

const quoted = (names: readonly string[]): string => names.map(name => JSON.stringify(name)).join(', ');
