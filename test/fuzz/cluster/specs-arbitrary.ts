import fc from 'fast-check';
import { allSyscallNames } from '../../../src/core/syscalls/table.ts';
import { mutated } from '../target.ts';
import { mutatedObjects } from './mutate.ts';
import { fromSchema, jsonOf, rarely, schemaOf, TEXTS } from './schema.ts';

interface Arg {
  op?: unknown;
  valueTwo?: unknown;
}

interface Rule {
  action?: unknown;
  errnoRet?: unknown;
  args?: unknown;
}

interface Spec {
  defaultAction?: unknown;
  defaultErrnoRet?: unknown;
  listenerPath?: unknown;
  mode?: unknown;
  rollout?: unknown;
  syscalls?: unknown;
}

/** Few, so that rules meet; and now and then any there is. */
const NAMES = rarely(
  fc.oneof(
    fc.constantFrom('read', 'write', 'socket', 'socketcall', 'ipc', 'semop', 'open', 'clone', 'clone3', 'execve'),
    fc.constantFrom(
      'mmap2',
      'stat64',
      'exit_group',
      'personality',
      'no_such_call',
      'READ',
      '_',
      '0',
      '__proto__',
      'constructor',
    ),
    fc.constantFrom(...allSyscallNames()),
  ),
  TEXTS,
  500,
);

const PIECES = [
  ...['{', '}', '[', ']', ',', ':', '"', 'null', '-1', '9'.repeat(30), '"spec":', '"names":', '"defaultAction":'],
];

/** Specs of SeccompProfiles at the schema's edges, mostly without what CEL refuses for sure. */
const specs = fromSchema(schemaOf('seccompprofiles.yaml', 'spec'), {
  'syscalls[].names[]': NAMES,
  baseProfileName: rarely(fc.constantFrom('base', 'base', 'base', 'fuzz'), TEXTS, 20),
}) as fc.Arbitrary<Spec>;
const sound = specs.map(withoutContradictions);

/** An object as it is sent: mostly of the schema, some changed afterwards, some damaged as text. */
export const specTexts: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: sound.map(asObject) },
  { weight: 1, arbitrary: specs.map(asObject) },
  { weight: 2, arbitrary: mutatedObjects(sound).map(asObject) },
  { weight: 1, arbitrary: sound.map(asObject).chain(text => mutated([text], PIECES)) },
);

function asObject(spec: unknown): string {
  const metadata = { name: 'fuzz' };
  return jsonOf({ apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata, spec });
}

function withoutContradictions(spec: Spec): Spec {
  if (!takesErrno(spec.defaultAction)) delete spec.defaultErrnoRet;
  if (spec.rollout !== undefined) delete spec.mode;
  if (typeof spec.listenerPath === 'string') spec.listenerPath = '/run/agent.sock';
  if (Array.isArray(spec.syscalls)) spec.syscalls.forEach(withoutContradictionsInRule);
  return spec;
}

function withoutContradictionsInRule(rule: Rule): void {
  if (!takesErrno(rule.action)) delete rule.errnoRet;
  if (!Array.isArray(rule.args)) return;
  for (const arg of rule.args as Arg[]) if (arg.op !== 'SCMP_CMP_MASKED_EQ') delete arg.valueTwo;
}

const takesErrno = (action: unknown) => action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';
