import fc from 'fast-check';
import { parseCapabilities } from '../../src/core/convert/circumstances.ts';
import { FormatError } from '../../src/core/convert/format-error.ts';
import { readDockerProfile } from '../../src/core/convert/read-docker.ts';
import { resolve } from '../../src/core/convert/resolve.ts';
import { parseExact } from '../../src/core/json/exact.ts';
import { loadProblem } from '../../src/core/profile/loadable.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { mutated, pieces, type Target, target } from './target.ts';

const SAMPLES = [
  '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":18446744073709551615,"valueTwo":9007199254740993,"op":"SCMP_CMP_MASKED_EQ"}],"includes":{"caps":["CAP_SYS_ADMIN"],"minKernel":"4.8"},"excludes":{"arches":["arm64"]}}]}',
  '{"defaultAction":"SCMP_ACT_ALLOW","defaultErrno":"ENOSYS","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"name":"mount","action":"SCMP_ACT_ERRNO","errno":"EPERM","args":null,"comment":"","includes":{},"excludes":{}}]}',
  '{"ociVersion":"1.0.2","linux":{"seccomp":{"defaultAction":"SCMP_ACT_LOG"}}}',
];
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    'null',
    'true',
    '-1',
    '1e400',
    '0.5',
    '18446744073709551616',
    '""',
    '6',
    '4095',
  ],
  ...[
    '"names":',
    '"name":',
    '"action":',
    '"SCMP_ACT_ALLOW"',
    '"args":[',
    '"op":"SCMP_CMP_EQ"',
    '"includes":{',
    '"__proto__":',
  ],
  ...[
    '"Names":',
    '"caps":',
    '"minKernel":"4.8"',
    '"defaultAction":"SCMP_ACT_ERRNO"',
    '"syscalls":[',
    '"value":',
    '\ufeff',
    '\\u0000',
  ],
];
const WHERE = {
  architectures: ['amd64'],
  capabilities: parseCapabilities('default') as ReadonlySet<string>,
  kernel: { major: 6, minor: 1 },
};

/** What is accepted becomes a file that a runtime can load, and no value in it is one that was not in the text. */
function checkDocument(text: string): void {
  let json: unknown;
  try {
    json = parseExact(text);
  } catch (error) {
    if (error instanceof SyntaxError) return;
    throw error;
  }
  try {
    const { spec } = resolve(readDockerProfile(json), WHERE);
    const rendered = renderProfile(spec, 'amd64');
    const problem = loadProblem(rendered);
    if (problem) throw new Error(problem);
    for (const [, digits = ''] of rendered.matchAll(/"value(?:Two)?": (\d+)/g))
      if (digits !== '0' && !text.includes(digits)) throw new Error(`${digits} is not in the text`);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
}

/** Any JSON value in the places of Docker's fields. */
const value = fc.jsonValue({ maxDepth: 2 });
const oddFields = fc
  .record(
    {
      defaultAction: fc.oneof(fc.constant('SCMP_ACT_ERRNO'), value),
      defaultErrnoRet: value,
      archMap: value,
      architectures: value,
      flags: value,
      syscalls: fc.oneof(
        value,
        fc.array(
          fc.record({
            names: value,
            action: fc.constant('SCMP_ACT_ALLOW'),
            args: value,
            includes: value,
            errno: value,
          }),
        ),
      ),
    },
    { requiredKeys: ['defaultAction'] },
  )
  .map(profile => JSON.stringify(profile));

export const DOCUMENT_TARGETS: readonly Target[] = [
  target('JSON profiles: real ones, damaged', mutated(SAMPLES, PIECES), checkDocument),
  target('JSON profiles: pieces', pieces(PIECES), checkDocument),
  target('JSON profiles: anything in any field', oddFields, checkDocument),
];
