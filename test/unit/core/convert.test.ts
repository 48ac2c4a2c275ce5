import { expect } from 'chai';
import { type Circumstances, parseCapabilities } from '../../../src/core/convert/circumstances.ts';
import { FormatError } from '../../../src/core/convert/format-error.ts';
import { readDockerProfile } from '../../../src/core/convert/read-docker.ts';
import { resolve } from '../../../src/core/convert/resolve.ts';
import { writeDocker } from '../../../src/core/convert/write-docker.ts';
import { parseExact } from '../../../src/core/json/exact.ts';

const capabilities = (words: string) => parseCapabilities(words) as ReadonlySet<string>;
const HERE: Circumstances = {
  architectures: ['amd64'],
  capabilities: capabilities('default'),
  kernel: { major: 6, minor: 1 },
};
const read = (text: string) => readDockerProfile(parseExact(text));
const imported = (text: string, where = HERE) => resolve(read(text), where).spec;
const rule = (fields: string) =>
  `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["x"],"action":"SCMP_ACT_ALLOW",${fields}}]}`;

describe('a profile of Docker, Podman or a runtime', () => {
  it('keeps 64-bit values to the last digit', () => {
    const text = rule(
      '"args":[{"index":0,"value":18446744073709551615,"valueTwo":9007199254740993,"op":"SCMP_CMP_MASKED_EQ"}]',
    );
    expect(imported(text).syscalls?.[0]?.args).to.deep.equal([
      { index: 0, value: '18446744073709551615', valueTwo: '9007199254740993', op: 'SCMP_CMP_MASKED_EQ' },
    ]);
  });

  it('may be what a bundle has in linux.seccomp', () => {
    expect(imported('{"ociVersion":"1.0.2","linux":{"seccomp":{"defaultAction":"SCMP_ACT_LOG"}}}')).to.deep.equal({
      defaultAction: 'SCMP_ACT_LOG',
      syscalls: [],
    });
  });

  it('names errors as Podman does, which wins over the number', () => {
    const text =
      '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"ENOSYS","defaultErrnoRet":1,"syscalls":[{"names":["x"],"action":"SCMP_ACT_ERRNO","errno":"EINVAL","errnoRet":22}]}';
    expect(imported(text)).to.deep.include({ defaultErrnoRet: 38 });
    expect(imported(text).syscalls?.[0]?.errnoRet).to.equal(22);
  });

  it('says of each rule that does not apply why', () => {
    const text = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
      {"names":["a"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
      {"names":["b"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"4.8"}},
      {"names":["c"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["arm64"]}},
      {"names":["d"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_CHOWN"]}}]}`;
    const { left, spec } = resolve(read(text), HERE);
    expect(spec.syscalls).to.deep.equal([]);
    expect(left.map(({ because }) => because)).to.deep.equal([
      'only for containers with CAP_SYS_ADMIN',
      'not from kernel 4.8 on',
      'only for arm64',
      'not for containers with CAP_CHOWN',
    ]);
  });

  it('for several architectures at once must say the same where calls exist', () => {
    const both = { ...HERE, architectures: ['amd64', 'arm64'] };
    const only = (name: string) =>
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["${name}"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["amd64"]}}]}`;
    expect(imported(only('arch_prctl'), both).syscalls).to.have.lengthOf(1);
    expect(() => imported(only('read'), both)).to.throw(
      FormatError,
      'syscalls[0]: is not for arm64, which has read too: import once for each architecture (--arch arm64)',
    );
  });

  const ERRORS: [string, string][] = [
    ['[]', 'the profile: must be an object, not a list'],
    ['{}', 'defaultAction: is missing, and a runtime takes that for "no profile"'],
    ['{"defaultAction":"ALLOW"}', 'defaultAction: "ALLOW" is none of SCMP_ACT_KILL'],
    ['{"kind":"SeccompProfile"}', 'kind: this is a SeccompProfile already'],
    [rule('"name":"y"'), 'syscalls[0].name: is there beside names'],
    [
      rule('"args":[{"index":6,"op":"SCMP_CMP_EQ"}]'),
      'syscalls[0].args[0].index: must be an integer from 0 to 5, not 6',
    ],
    [
      rule('"args":[{"value":-1,"op":"SCMP_CMP_EQ"}]'),
      'syscalls[0].args[0].value: must be an integer from 0 to 18446744073709551615, not -1',
    ],
    [rule('"args":[{"value":1.5,"op":"SCMP_CMP_EQ"}]'), 'not 1.5'],
    [rule('"args":[{"value":1}]'), 'syscalls[0].args[0].op: is missing; it is one of SCMP_CMP_NE'],
    [
      rule('"includes":{"minKernel":"4"}'),
      'syscalls[0].includes.minKernel: "4" is no kernel version; write it like 4.8',
    ],
    [rule('"comment":1'), 'syscalls[0].comment: must be a string, not 1'],
    ['{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"EWHAT"}', 'defaultErrno: there is no error "EWHAT"'],
    ['{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4095}', 'defaultErrnoRet: 4095 is no error number'],
    [
      '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"archMap":[{}]}',
      'architectures: is there beside archMap',
    ],
  ];
  for (const [text, message] of ERRORS) {
    it(`is refused with the field that is wrong: ${message}`, () => {
      expect(() => imported(text)).to.throw(FormatError, message);
    });
  }

  it('has fields that nobody reads named', () => {
    const { unknown } = read(
      '{"defaultAction":"SCMP_ACT_ERRNO","syscall":[],"SYSCALLS":[{"names":["x"],"action":"SCMP_ACT_LOG","argz":[],"args":[{"index":1,"op":"SCMP_CMP_EQ","val":2}]}]}',
    );
    expect(unknown).to.deep.equal(['syscall', 'syscalls[0].args[0].val', 'syscalls[0].argz']);
  });

  it('exported for Docker has archMap, which it takes on every machine', () => {
    const text = writeDocker({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64'],
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    });
    expect(JSON.parse(text)).to.deep.equal({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
        { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
      ],
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    });
  });
});

describe('a set of capabilities', () => {
  it('is made of words', () => {
    expect([...capabilities('none')]).to.deep.equal([]);
    expect(capabilities('default').size).to.equal(14);
    expect(capabilities('all').size).to.equal(41);
    expect([...capabilities('net_raw,CAP_SYS_TIME')]).to.deep.equal(['CAP_NET_RAW', 'CAP_SYS_TIME']);
    expect(capabilities('default,-CHOWN').has('CAP_CHOWN')).to.equal(false);
    expect(parseCapabilities('SYS_TYME')).to.deep.equal({ unknown: 'SYS_TYME' });
  });
});
