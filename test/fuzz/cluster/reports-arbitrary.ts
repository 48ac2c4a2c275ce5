import fc from 'fast-check';
import { mutatedObjects } from './mutate.ts';
import { fromSchema, jsonOf, rarely, schemaOf, TEXTS } from './schema.ts';

/** What a report can speak of, to be believed. */
export interface Known {
  readonly profile: string;
  readonly podUid: string;
  readonly containerId: string;
}

export interface Report {
  readonly account: 'seccomp-agent' | 'seccomp-violations';
  /** Its own SeccompNode mostly. */
  readonly about: 'own' | 'other' | 'none';
  /** A merge patch. */
  readonly text: string;
}

/** What somebody writes who holds the tokens of a node's Pods. */
export function reports({ profile, podUid, containerId }: Known): fc.Arbitrary<Report> {
  const profiles = rarely(fc.constant(profile), TEXTS, 3);
  const status = fromSchema(schemaOf('seccompnodes.yaml', 'status'), {
    'bundle.resourceVersion': rarely(fc.constantFrom('0', '1', '9'.repeat(64), '0'.repeat(63)), TEXTS, 20),
    'failures[].profile': profiles,
    'failures[].message': rarely(fc.string({ maxLength: 256 }), TEXTS, 2),
    'failures[].reason': rarely(fc.string({ maxLength: 64 }), TEXTS, 2),
    'conditions[].type': rarely(fc.constantFrom('Synced', 'Drifted', 'Ready'), TEXTS, 20),
    'violations.entries[].podUID': rarely(fc.constant(podUid), TEXTS, 20),
    'violations.entries[].containerID': rarely(fc.constant(containerId), TEXTS, 20),
    'violations.entries[].syscall': rarely(fc.constantFrom('mount', 'read', 'others'), TEXTS, 10),
    'violations.entries[].action': rarely(fc.constantFrom('SCMP_ACT_LOG', 'SCMP_ACT_ERRNO'), TEXTS, 20),
    'violations.entries[].architecture': rarely(fc.constant('SCMP_ARCH_X86_64'), TEXTS, 20),
    'violations.entries[].count': fc.oneof(
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom<unknown>(2 ** 40, 2 ** 53 - 1, 2n ** 53n + 1n, 2n ** 63n - 1n),
    ),
  }) as fc.Arbitrary<Record<string, unknown>>;
  return fc.constantFrom<Report['account'][]>('seccomp-agent', 'seccomp-agent', 'seccomp-violations').chain(account =>
    fc.record({
      account: fc.constant(account),
      about: rarely(fc.constant<Report['about']>('own'), fc.constantFrom<Report['about'][]>('other', 'none'), 10),
      text: rarely(status, mutatedObjects(status), 4).map(each => patchOf(account, each)),
    }),
  );
}

/** Mostly what the account may write: admission refuses the rest. */
function patchOf(account: Report['account'], status: unknown): string {
  const { violations, ...own } = (status ?? {}) as Record<string, unknown>;
  const part = account === 'seccomp-agent' ? { ...NOTHING, ...own } : { violations: violations ?? null };
  return jsonOf({ status: part });
}

const NOTHING = { bundle: null, failures: null, failuresTotal: null, repairs: null, conditions: null };
