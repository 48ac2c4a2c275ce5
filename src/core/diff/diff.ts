import type { Outcome } from '../simulate/decide.ts';
import type { Filter } from '../simulate/filter.ts';
import { type SyscallArch, syscallNames } from '../syscalls/table.ts';
import { type Case, casesInWords, casesOf } from '../words/call.ts';
import { isAllowed } from '../words/outcome.ts';

export type Kind =
  | 'became allowed'
  | 'became refused'
  | 'became logged'
  | 'is no longer logged'
  /** Allowed or refused as before, in another way: an error number, a signal. */
  | 'result changed'
  /** What depends on arguments on one of the sides. */
  | 'conditions changed';

/** One call on one architecture. */
export interface Change {
  readonly kind: Kind;
  readonly architecture: SyscallArch;
  readonly call: string;
  readonly before: string;
  readonly after: string;
}

export interface Difference {
  readonly changes: readonly Change[];
  /** Architectures whose programs only one of the two lets run. */
  readonly architectures: readonly {
    readonly architecture: string;
    readonly before: boolean;
    readonly after: boolean;
  }[];
}

/** What a node does otherwise under `after` than under `before`, call by call; how the profiles are written is no matter. */
export function diff(before: Filter, after: Filter): Difference {
  const architectures = [...new Set([...before.rules.keys(), ...after.rules.keys()])];
  const shared = architectures.filter(arch => before.rules.has(arch) && after.rules.has(arch)) as SyscallArch[];
  const changes = shared.flatMap(arch =>
    [...syscallNames(arch)].flatMap(call => changeOf(before, after, arch, call) ?? []),
  );
  return {
    changes,
    architectures: architectures
      .filter(arch => !shared.includes(arch as SyscallArch))
      .map(architecture => ({
        architecture,
        before: before.rules.has(architecture),
        after: after.rules.has(architecture),
      })),
  };
}

function changeOf(before: Filter, after: Filter, architecture: SyscallArch, call: string): Change | undefined {
  const [was, is] = [casesOf(before, architecture, call), casesOf(after, architecture, call)];
  const [wasInWords, isInWords] = [was, is].map(casesInWords) as [string, string];
  if (wasInWords === isInWords) return undefined;
  return { kind: kindOf(was, is), architecture, call, before: wasInWords, after: isInWords };
}

function kindOf(was: readonly Case[], is: readonly Case[]): Kind {
  const [one, other] = [was[0], is[0]];
  if (was.length > 1 || is.length > 1 || !one || !other) return 'conditions changed';
  const [a, b] = [one.outcome, other.outcome];
  if (isAllowed(a) !== isAllowed(b)) return isAllowed(b) ? 'became allowed' : 'became refused';
  if (isLogged(a) !== isLogged(b)) return isLogged(b) ? 'became logged' : 'is no longer logged';
  return 'result changed';
}

const isLogged = ({ action }: Outcome) => action === 'SCMP_ACT_LOG';

/** Calls that changed in the same way, for a person to read. */
export interface Group {
  readonly kind: Kind;
  /** Where it is so on an architecture of other programs only. */
  readonly architecture: SyscallArch | undefined;
  readonly calls: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * Says once what is the same: a change on the node's own architecture stands for those on the others, and calls that became
 * allowed are one group, however they were refused.
 */
export function groupsOf({ changes }: Difference, native: SyscallArch): Group[] {
  const known = new Set(
    changes.filter(each => each.architecture === native).map(({ call, kind }) => `${call} ${kind}`),
  );
  const told = changes.filter(
    ({ architecture, call, kind }) => architecture === native || !known.has(`${call} ${kind}`),
  );
  const groups = Map.groupBy(told, each => [each.kind, each.architecture, ...distinctionOf(each)].join('\n'));
  return [...groups.values()]
    .map(each => {
      const [{ kind, architecture }] = each as [Change];
      const unique = (key: 'before' | 'after') => [...new Set(each.map(one => one[key]))].sort();
      return {
        kind,
        architecture: architecture === native ? undefined : architecture,
        calls: each.map(({ call }) => call).sort(),
        before: unique('before'),
        after: unique('after'),
      };
    })
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

const distinctionOf = ({ kind, before, after }: Change) => {
  if (kind === 'became allowed' || kind === 'became logged') return [after];
  return kind === 'became refused' ? [] : [before, after];
};

const ORDER: readonly Kind[] = [
  'became allowed',
  'became logged',
  'is no longer logged',
  'became refused',
  'result changed',
  'conditions changed',
];
