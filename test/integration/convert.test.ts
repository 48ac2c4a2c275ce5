import { expect } from 'chai';
import fc from 'fast-check';
import { type Circumstances, parseCapabilities } from '../../src/core/convert/circumstances.ts';
import { FormatError } from '../../src/core/convert/format-error.ts';
import { parseKernel, readDockerProfile } from '../../src/core/convert/read-docker.ts';
import { resolve } from '../../src/core/convert/resolve.ts';
import { writeDocker } from '../../src/core/convert/write-docker.ts';
import { parseExact } from '../../src/core/json/exact.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { type Answer, type Engine, Oracle } from '../oracle/oracle.ts';

const ARCHITECTURES = ['amd64', 'arm64'] as const;
const KERNELS = ['4.4.0', '4.8.0', '6.1.0'];
const PLACES = ARCHITECTURES.flatMap(arch => KERNELS.map(kernel => [arch, kernel] as const));
const CAPABILITIES = ['none', 'default', 'default,SYS_ADMIN,SYS_PTRACE,-CHOWN', 'all'];

const capabilitiesOf = (words: string) => parseCapabilities(words) as ReadonlySet<string>;

function circumstances(arch: string, kernel: string, capabilities: ReadonlySet<string>): Circumstances {
  return {
    architectures: [arch],
    kernel: parseKernel(kernel.split('.').slice(0, 2).join('.'), 'kernel'),
    capabilities,
  };
}

/**
 * What our import, rendered for a node, says; or that it refuses the profile. Rendering leaves out architectures that the
 * node cannot run, and adds a rule where there is none.
 */
function ours(profile: string, where: Circumstances): unknown {
  try {
    const { spec } = resolve(readDockerProfile(parseExact(profile)), where);
    const rendered = meaningOf(parseExact(renderProfile(spec, where.architectures[0] as string)));
    const { architectures } = meaningOf(spec);
    return { ...rendered, architectures, ...(spec.syscalls?.length ? {} : { syscalls: [] }) };
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw error;
  }
}

type Fields = Record<string, unknown>;

/**
 * What both sides mean by the same: names as sets, no empty rules, valueTwo and errno numbers where they are read only,
 * architectures that a node of ours can run.
 */
function meaningOf(profile: unknown): Fields {
  const { defaultAction, defaultErrnoRet, architectures, syscalls, flags, listenerPath, listenerMetadata } =
    profile as Fields;
  return {
    defaultAction,
    defaultErrnoRet: takesErrno(defaultAction) ? defaultErrnoRet : undefined,
    architectures: [...((architectures ?? []) as string[])].sort(),
    syscalls: ((syscalls ?? []) as Fields[]).map(ruleOf).filter(({ names }) => names.length > 0),
    flags: [...((flags ?? []) as string[])].sort(),
    listenerPath,
    listenerMetadata,
  };
}

function ruleOf({ names, action, errnoRet, args }: Fields) {
  return {
    names: [...new Set((names ?? []) as string[])].sort(),
    action,
    errnoRet: takesErrno(action) ? errnoRet : undefined,
    args: ((args ?? []) as Fields[]).map(({ index, value, valueTwo, op }) => ({
      index,
      op,
      value: String(value),
      ...(op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo: String(valueTwo ?? 0) } : {}),
    })),
  };
}

const takesErrno = (action: unknown) => action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';

/** No runtime takes an error number above 4094, which Docker passes on; we say so at once. */
const theirs = ({ result, error }: Answer) =>
  error !== undefined || hasNoErrno(result) ? 'refused' : meaningOf(result);

const hasNoErrno = (result: unknown) =>
  (((result as Fields)['syscalls'] ?? []) as Fields[]).some(({ errnoRet }) => Number(errnoRet ?? 0) > 4094);

describe('import, compared with what Docker and Podman themselves make of a profile', () => {
  let oracle: Oracle;
  before(function () {
    // Go may have to fetch and compile the modules.
    this.timeout(600_000);
    oracle = new Oracle();
  });
  after(() => oracle?.close());

  /** Every combination, each rule compared. Gives how many rules were. */
  function compare(engine: Engine, profiles: readonly string[]): number {
    const cases = profiles.flatMap(profile =>
      CAPABILITIES.map(words => ({ profile, words, capabilities: [...capabilitiesOf(words)] })),
    );
    let rules = 0;
    for (const [arch, kernel] of PLACES) {
      for (const [at, answer] of oracle.ask(engine, arch, kernel, cases).entries()) {
        const { profile, words } = cases[at] as (typeof cases)[number];
        const expected = theirs(answer);
        const where = circumstances(arch, kernel, capabilitiesOf(words));
        expect(ours(profile, where), `${engine} ${arch} ${kernel} ${words}: ${profile}`).to.deep.equal(expected);
        if (expected !== 'refused') rules += ((expected as Fields)['syscalls'] as unknown[]).length;
      }
    }
    return rules;
  }

  for (const engine of ['docker', 'podman'] as const) {
    it(`${engine}'s own default profile is the same on x86_64 and arm64, on old and new kernels, with any capabilities`, () => {
      const rules = compare(engine, [oracle.defaultProfile(engine)]);
      expect(rules).to.be.greaterThan(200);
    });
  }

  it("the profiles that come with Docker's and Podman's packages are", () => {
    const docker = oracle.filesOf('github.com/moby/profiles/seccomp', '.');
    const fixtures = oracle.filesOf('github.com/moby/profiles/seccomp', 'fixtures');
    const podman = oracle.filesOf('github.com/containers/common', 'pkg/seccomp/fixtures');
    expect([...docker.keys(), ...fixtures.keys(), ...podman.keys()])
      .to.include('default.json')
      .and.not.have.lengthOf(1);
    compare('docker', [...docker.values(), ...fixtures.values()]);
    compare('podman', [...podman.values()]);
  });

  it('a default container: for several architectures at once, each node gets what Docker gives it', () => {
    const profile = oracle.defaultProfile('docker');
    const capabilities = capabilitiesOf('default');
    const where = { ...circumstances('amd64', '6.1', capabilities), architectures: [...ARCHITECTURES] };
    const { spec } = resolve(readDockerProfile(parseExact(profile)), where);
    for (const arch of ARCHITECTURES) {
      const [answer] = oracle.ask('docker', arch, '6.1.0', [{ profile, capabilities: [...capabilities] }]);
      const here = ours(profile, circumstances(arch, '6.1', capabilities)) as Fields;
      expect(here).to.deep.equal(theirs(answer as Answer));
      const together = meaningOf(parseExact(renderProfile(spec, arch))) as Fields;
      expect(together['syscalls']).to.deep.include.members(here['syscalls'] as unknown[]);
      expect(together['architectures']).to.deep.equal(here['architectures']);
    }
  });

  it('random profiles with every condition and 64-bit values are', () => {
    const samples = fc.sample(fc.tuple(randomProfile, fc.constantFrom(...CAPABILITIES)), { numRuns: 400, seed: 7 });
    let refused = 0;
    for (const [arch, kernel] of PLACES) {
      const requests = samples.map(([profile, words]) => ({ profile, capabilities: [...capabilitiesOf(words)] }));
      for (const [at, answer] of oracle.ask('docker', arch, kernel, requests).entries()) {
        const [profile, words] = samples[at] as [string, string];
        const expected = theirs(answer);
        if (expected === 'refused') refused += 1;
        expect(ours(profile, circumstances(arch, kernel, capabilitiesOf(words))), profile).to.deep.equal(expected);
      }
    }
    expect(refused, 'some are refused, by both').to.be.greaterThan(10);
  });

  it('what is exported for Docker is read by Docker as what a node gets', () => {
    const profile = oracle.defaultProfile('docker');
    for (const arch of ARCHITECTURES) {
      const where = circumstances(arch, '6.1', capabilitiesOf('default'));
      const { spec } = resolve(readDockerProfile(parseExact(profile)), where);
      const request = { profile: writeDocker(spec), capabilities: [] };
      const [answer] = oracle.ask('docker', arch, '6.1.0', [request]);
      expect(theirs(answer as Answer)).to.deep.equal(meaningOf(parseExact(renderProfile(spec, arch))));
    }
  });
});

const names = fc.uniqueArray(fc.constantFrom('read', 'write', 'clone', 'ptrace', 'arch_prctl', 'setns'), {
  minLength: 1,
});
const uint64 = fc.oneof(fc.nat(100).map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(value => raw(value));
const filter = fc.record(
  {
    arches: fc.uniqueArray(fc.constantFrom('amd64', 'arm64', 'x32', 's390x'), { maxLength: 2 }),
    caps: fc.uniqueArray(fc.constantFrom('CAP_SYS_ADMIN', 'CAP_CHOWN', 'CAP_SYS_PTRACE'), { maxLength: 2 }),
    minKernel: fc.constantFrom('4.8', '4.4', '6.1', '6.2', '10.0', ...(['4', '4.8.1', 'x.y', '0.0', ''] as const)),
  },
  { requiredKeys: [] },
);
/** Now and then one with a kernel version that nobody can read. */
const rareFilter = filter.map(({ minKernel, ...rest }) =>
  minKernel !== undefined && (/^\d+\.\d+$/.test(minKernel) || minKernel === '') && minKernel !== '0.0'
    ? { ...rest, minKernel }
    : rest,
);
const rule = fc.record(
  {
    names,
    action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS'),
    errnoRet: fc.nat(4094),
    comment: fc.constant('why'),
    args: fc.array(
      fc.record({
        index: fc.nat(5),
        value: uint64,
        valueTwo: uint64,
        op: fc.constantFrom('SCMP_CMP_EQ', 'SCMP_CMP_NE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ'),
      }),
      { maxLength: 3 },
    ),
    includes: fc.oneof({ weight: 40, arbitrary: rareFilter }, { weight: 1, arbitrary: filter }),
    excludes: rareFilter,
  },
  { requiredKeys: ['names', 'action'] },
);
const named = fc.tuple(rule, fc.integer({ min: 0, max: 60 })).map(([{ names: several, ...rest }, dice]) => {
  if (dice < 10) return { name: several[0], ...rest };
  return dice === 60 ? { name: several[0], names: several, ...rest } : { names: several, ...rest };
});
const archMap = fc.constantFrom(
  [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
  [
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: null },
  ],
);
const architectures = fc.oneof(
  { weight: 8, arbitrary: fc.record({ archMap }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc.record({ archMap, architectures: fc.constant(['SCMP_ARCH_X86_64']) }, { requiredKeys: [] }),
  },
);
/** A profile as JSON text, with fields of other cases among those of Docker's own. */
const randomProfile = fc
  .tuple(
    fc.record(
      {
        defaultAction: fc.constantFrom('SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW', 'SCMP_ACT_TRACE'),
        defaultErrnoRet: fc.nat(4094),
        flags: fc.constant(['SECCOMP_FILTER_FLAG_LOG']),
        listenerPath: fc.constant('/run/agent.sock'),
        listenerMetadata: fc.string(),
        syscalls: fc.array(named, { minLength: 1, maxLength: 5 }),
      },
      { requiredKeys: ['defaultAction', 'syscalls'] },
    ),
    architectures,
    fc.boolean(),
  )
  .map(([profile, arches, isOddlyCased]) => {
    const text = JSON.stringify({ ...profile, ...arches }).replaceAll(/"raw:(\d+)"/g, '$1');
    return isOddlyCased ? text.replaceAll('"errnoRet"', '"ERRNORET"').replaceAll('"includes"', '"Includes"') : text;
  });

/** JSON.stringify takes no bigint. */
function raw(value: bigint): string {
  return `raw:${value}`;
}
