import fc from 'fast-check';

/** Specs that Security Profiles Operator's own CRD admits (v1, and its v1beta1 with `disabled`), odd ones too. */

const ACTIONS = ['KILL', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'ERRNO', 'TRACE', 'ALLOW', 'LOG', 'NOTIFY'];
const OPERATORS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'];
const NAMES = ['read', 'write', 'openat', 'clone3', 'socket', 'ptrace', 'mount', 'keyctl', 'futex', 'no-such call'];
const ARCHITECTURES = ['NATIVE', 'X86_64', 'X86', 'X32', 'ARM', 'AARCH64', 'S390X', 'RISCV64'];
const FLAGS = ['TSYNC', 'LOG', 'SPEC_ALLOW', 'WAIT_KILLABLE_RECV'];

const oneOf = (prefix: string, names: readonly string[]) => fc.constantFrom(...names.map(name => prefix + name));
const action = oneOf('SCMP_ACT_', ACTIONS);
/** int64 in its schema, as `readObjects` gives it: a string where a JavaScript number would lose digits. */
const value = fc
  .oneof(fc.constant(0n), fc.bigInt(0n, 300n), fc.bigInt(-5n, 2n ** 63n - 1n))
  .map(each => (Number.isSafeInteger(Number(each)) ? Number(each) : String(each)));

const arg = fc.record(
  {
    index: fc.oneof({ weight: 9, arbitrary: fc.nat(5) }, fc.nat(9)),
    op: oneOf('SCMP_CMP_', OPERATORS),
    value,
    valueTwo: value,
  },
  { requiredKeys: ['index', 'op'] },
);

const rule = fc.record(
  {
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 }),
    action,
    errnoRet: fc.oneof({ weight: 9, arbitrary: fc.nat(4094) }, fc.constant(0), fc.nat(2 ** 31 - 1)),
    args: fc.array(arg, { maxLength: 3 }),
  },
  { requiredKeys: ['names', 'action'] },
);

export const spoSpec = fc.record(
  {
    defaultAction: action,
    architectures: fc.uniqueArray(oneOf('SCMP_ARCH_', ARCHITECTURES), { maxLength: 4 }),
    flags: fc.uniqueArray(oneOf('SECCOMP_FILTER_FLAG_', FLAGS), { maxLength: 4 }),
    listenerPath: fc.constant('/var/run/security-profiles-operator/agent.sock'),
    listenerMetadata: fc.constantFrom('', 'team=payments'),
    syscalls: fc.array(rule, { maxLength: 6 }),
    state: fc.constantFrom('Enabled', 'Disabled'),
    disabled: fc.boolean(),
  },
  { requiredKeys: ['defaultAction'] },
);
