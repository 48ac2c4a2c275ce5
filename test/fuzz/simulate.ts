import fc from 'fast-check';
import type { ResolvedSpec } from '../../src/core/profile/base.ts';
import { ProfileError } from '../../src/core/profile/errors.ts';
import { type Decision, decide, UnknownCall } from '../../src/core/simulate/decide.ts';
import type { Environment } from '../../src/core/simulate/environment.ts';
import { buildFilter, type Filter } from '../../src/core/simulate/filter.ts';
import { Refusal } from '../../src/core/simulate/refusal.ts';
import { SYSCALL_ARCHITECTURES } from '../../src/core/syscalls/table.ts';
import { type Target, target } from './target.ts';

/** Few names and values, so that rules meet; and now and then what no profile may hold. */
const NAMES = [
  'read',
  'socket',
  'socketcall',
  'semop',
  'open',
  'clone3',
  'exit_group',
  '',
  '__proto__',
  'no such call',
];
const VALUES = ['0', '1', '7', '4294967295', '4294967296', '18446744073709551615', '0xffffffff00000000'];
const NONSENSE = ['-1', '', '0x', '1.5', '18446744073709551616', 'NaN'];
const ACTIONS = ['ALLOW', 'LOG', 'ERRNO', 'TRACE', 'NOTIFY', 'KILL', 'KILL_PROCESS', 'TRAP'].map(
  each => `SCMP_ACT_${each}`,
);
const COMPARISONS = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map(each => `SCMP_CMP_${each}`);

const mostly = <T>(usual: readonly T[], rarely: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 400, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rarely) });

const value = mostly(VALUES, NONSENSE);
const action = mostly(ACTIONS, ['SCMP_ACT_', 'ALLOW', 'constructor']);
const errnoRet = fc.option(mostly([0, 1, 38], [-1, 4095, 65_537, 1.5, Number.NaN]), { nil: undefined });
const number = fc.oneof(fc.integer(), fc.constantFrom(0, 334, 0x40000000, 0xffffffff, -1, 1.5, Number.NaN, 2 ** 53));

const input = fc.record({
  spec: fc.record({
    defaultAction: action,
    defaultErrnoRet: errnoRet,
    listenerPath: fc.option(fc.constant('/run/agent.sock'), { nil: undefined }),
    architectures: fc.array(mostly<string>([...SYSCALL_ARCHITECTURES], ['SCMP_ARCH_NATIVE', 'x86_64', '__proto__']), {
      maxLength: 2,
    }),
    syscalls: fc.array(
      fc.record({
        names: fc.array(fc.constantFrom(...NAMES), { maxLength: 4 }),
        action,
        errnoRet,
        args: fc.array(
          fc.record({
            index: mostly([0, 1, 2, 5], [-1, 6, 0.5]),
            value,
            valueTwo: value,
            op: mostly(COMPARISONS, ['EQ']),
          }),
          { maxLength: 7 },
        ),
      }),
      { maxLength: 8 },
    ),
  }),
  environment: fc.record({
    native: fc.constantFrom(...SYSCALL_ARCHITECTURES),
    runtime: fc.record({
      name: fc.constantFrom('runc', 'crun'),
      version: fc.constantFrom('1.1.5', '1.5.2', '', 'unknown'),
    }),
    libseccomp: fc.constantFrom(undefined, '2.5.1', '2.5.4', '2.6.1', 'nonsense'),
  }),
  call: fc.record({
    architecture: fc.constantFrom(...SYSCALL_ARCHITECTURES),
    call: fc.oneof(fc.constantFrom(...NAMES), number),
    args: fc.array(fc.option(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), { nil: undefined }), { maxLength: 8 }),
  }),
});

const KNOWN_ACTIONS = new Set([...ACTIONS, 'SCMP_ACT_KILL_THREAD'].filter(each => each !== 'SCMP_ACT_KILL'));

export const SIMULATION_TARGETS: readonly Target[] = [
  target('simulator: any profile, node and call', input, ({ spec, environment, call }) => {
    const filter = filterOf(spec as ResolvedSpec, environment as Environment);
    const decision = filter && decisionOf(() => decide(filter, call));
    if (filter && decision) isSound(decision, spec.syscalls.length);
  }),
];

/** Nothing where the runtime would refuse, which has to be said in the way that callers expect. */
function filterOf(spec: ResolvedSpec, environment: Environment): Filter | undefined {
  try {
    return buildFilter(spec, environment);
  } catch (error) {
    if ((error instanceof Refusal || error instanceof ProfileError) && error.message) return undefined;
    throw error;
  }
}

function decisionOf(work: () => Decision): Decision | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnknownCall) return undefined;
    throw error;
  }
}

function isSound(
  { action, errno, certainty, candidates, rule, cause, reason, matching }: Decision,
  rules: number,
): void {
  const wrong = [
    !KNOWN_ACTIONS.has(action) && `action ${action}`,
    errno !== undefined && !(Number.isInteger(errno) && errno >= 0 && errno < 4095) && `errno ${errno}`,
    candidates[0]?.action !== action && 'the first candidate is another action',
    certainty === 'certain' && candidates.length !== 1 && 'certain of several things',
    certainty !== 'certain' && !reason && 'no reason',
    rule && cause !== 'rule' && `a rule, but ${cause}`,
    [...matching, ...(rule ? [rule] : [])].some(({ index }) => index < 0 || index >= rules) &&
      'a rule that there is not',
  ].filter(Boolean);
  if (wrong.length) throw new Error(wrong.join('; '));
}
