import fc from 'fast-check';
import { placeName } from '../../../src/core/fleet/place.ts';
import { NODE_ANNOTATION, PROFILE_ANNOTATION, RENDERED_LABEL, SPREAD_ANNOTATION } from '../../../src/core/names.ts';
import { mutated } from '../target.ts';
import { rarely, TEXTS } from './schema.ts';

/** What somebody who can write ConfigMaps in the agents' namespace does to one. */
export interface Crafted {
  readonly name: string;
  readonly remove: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

const RULE = '{"names":["mount"],"action":"SCMP_ACT_ERRNO"}';
const GOOD = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[${RULE}]}`;

/** Texts of which a careless reader makes an unconfined container, or none at all, or no end. */
export const crafted = (node: string): fc.Arbitrary<Crafted> =>
  fc.record({
    name: fc.oneof(
      fc.constantFrom('profile-a', 'profile-a.json', 'profile-b', 'profile-a.b.json', 'profile-', 'profile'),
      // As long as the prefix, so that a careless cut leaves the name of the profile that is watched.
      fc.constantFrom('evilevilwatched', 'xprofile-watched', 'watched', placeName(node), 'node-', 'seed.json'),
      fc.constantFrom(`profile-${'a'.repeat(245)}`, `profile-${'a.'.repeat(120)}json`, 'profile-..', 'Profile-A'),
      fc.integer({ min: 0, max: 40 }).map(at => `profile-p${at}`),
    ),
    remove: fc.boolean().chain(one => (one ? fc.boolean() : fc.constant(false))),
    labels: fc.record({ [RENDERED_LABEL]: rarely(fc.constant('true'), fc.constantFrom(placeName(node), 'no', ''), 6) }),
    annotations: fc.record(
      {
        [PROFILE_ANNOTATION]: fc.oneof(
          TEXTS,
          fc.constantFrom('watched', '../watched', 'watched.json', 'a'.repeat(9_000)),
        ),
        [NODE_ANNOTATION]: fc.oneof(TEXTS, fc.constant(node)),
        [SPREAD_ANNOTATION]: fc.oneof(TEXTS, fc.constantFrom('1e9', 'Infinity', '10000')),
      },
      { requiredKeys: [] },
    ),
    data: fc.dictionary(
      fc.constantFrom(
        'profile.json',
        'amd64.json',
        'before.profile.json',
        'nodes.json',
        'labels.json',
        'x',
        '__proto__',
      ),
      profileTexts(),
      { minKeys: 0, maxKeys: 4 },
    ),
  });

export function profileTexts(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(GOOD),
    mutated(
      [
        GOOD,
        `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_X86_64"],"syscalls":[${RULE}]}`,
      ],
      [
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        'null',
        '-1',
        '1e400',
        '"',
        '\u0000',
        '\\u0000',
        '\ufeff',
        '//',
        '"flags":[],',
      ],
    ),
    fc.constantFrom(
      ...['', ' ', '{}', 'null', '[]', '0', '""', '{"defaultAction":""}', '{"defaultAction":null}', `\ufeff${GOOD}`],
      ...[`${GOOD} trailing`, `// comment\n${GOOD}`, `{"spec":${GOOD}}`, `{"seccomp":${GOOD}}`],
      // Go's reader folds the case of names, and takes the last.
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${RULE}],"DefaultAction":""}`,
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${RULE}],"SYSCALLS":[]}`,
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${RULE}],"\u017fyscalls":null}`,
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${RULE}],"defaultAction":""}`,
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${RULE}],"default\\u0041ction":""}`,
      `{"__proto__":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[${RULE}]}}`,
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${RULE}],"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${Array(4_000).fill(RULE).join()}]}`,
      `[{"nodeSelector":{"a":"b"},"prefix":"before."}]`,
      `[{"nodeSelector":{"__proto__":null},"prefix":"../"}]`,
      `[{"nodeSelector":{},"prefix":"before."},null]`,
      `{"pool":"a","__proto__":"b"}`,
    ),
  );
}
