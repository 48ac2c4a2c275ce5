import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';

const root = join(import.meta.dirname, '../..');

type Fields = Record<string, unknown>;

/** A manifest as text: JSON is YAML, and text keeps what a JavaScript number would not. */
const manifest = (spec: Fields, name = 'example') =>
  JSON.stringify({ apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec });
const withRule = (rule: Fields) =>
  manifest({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...rule }] });
const withArg = (arg: Fields) => withRule({ args: [{ index: 0, op: 'SCMP_CMP_EQ', ...arg }] });
const withStages = (...stages: Fields[]) => manifest({ defaultAction: 'SCMP_ACT_ERRNO', rollout: { stages } });
/** With the number written as it stands, without quotes. */
const withNumber = (number: string) => withArg({ value: 'NUMBER' }).replace('"NUMBER"', number);

describe('the API server, asked to take a SeccompProfile', () => {
  let controlPlane: ControlPlane;
  before(async function () {
    this.timeout(0); // The control plane may have to be built first.
    controlPlane = await startControlPlane();
    await controlPlane.kubectl(['apply', '-k', join(root, 'crds')]);
    await controlPlane.kubectl([
      'wait',
      '--for=condition=Established',
      'crd/seccompprofiles.seccomp-operator.dev',
      '--timeout=30s',
    ]);
  });
  after(() => controlPlane?.stop());

  const apply = (text: string) => controlPlane.kubectl(['apply', '--dry-run=server', '-f', '-'], text);

  const NUMBER = /unsigned 64-bit integer, 0 to 18446744073709551615; put quotes around one above 9223372036854775807/;
  const NO_NUMBER = /type integer,string/;
  const refused: [what: string, text: string, field: string, fix: RegExp][] = [
    ['a spec without default action', manifest({}), 'spec.defaultAction', /Required value/],
    [
      'an action that does not exist',
      manifest({ defaultAction: 'SCMP_ACT_DENY' }),
      'spec.defaultAction',
      /supported values: .*"SCMP_ACT_ERRNO"/,
    ],
    [
      'an action of a rule that does not exist',
      withRule({ action: 'ALLOW' }),
      'spec.syscalls[0].action',
      /supported values: .*"SCMP_ACT_ALLOW"/,
    ],
    [
      'a field that does not exist',
      manifest({ defaultAction: 'SCMP_ACT_LOG', dryRun: true }),
      'spec.dryRun',
      /unknown field/,
    ],
    ['a field of a rule that does not exist', withRule({ includes: {} }), 'spec.syscalls[0].includes', /unknown field/],
    [
      'an error number for a default action that has none',
      manifest({ defaultAction: 'SCMP_ACT_ALLOW', defaultErrnoRet: 1 }),
      'spec.defaultErrnoRet',
      /remove it or change defaultAction/,
    ],
    [
      'an error number for an action that has none',
      withRule({ errnoRet: 1 }),
      'spec.syscalls[0].errnoRet',
      /remove it or change action/,
    ],
    [
      'an error number that the kernel cuts',
      withRule({ action: 'SCMP_ACT_ERRNO', errnoRet: 4095 }),
      'spec.syscalls[0].errnoRet',
      /less than or equal to 4094/,
    ],
    ['a rule without names', withRule({ names: [] }), 'spec.syscalls[0].names', /at least 1 items/],
    ['an empty name', withRule({ names: [''] }), 'spec.syscalls[0].names[0]', /at least 1 chars/],
    [
      'a name that no call has',
      withRule({ names: ['read, write'] }),
      'spec.syscalls[0].names[0]',
      /should match '\^\[A-Za-z0-9_\]\+\$'/,
    ],
    [
      'a name that is there twice',
      withRule({ names: ['read', 'read'] }),
      'spec.syscalls[0].names[1]',
      /Duplicate value/,
    ],
    ['a seventh argument', withArg({ index: 6 }), 'spec.syscalls[0].args[0].index', /less than or equal to 5/],
    [
      'an argument before the first',
      withArg({ index: -1 }),
      'spec.syscalls[0].args[0].index',
      /greater than or equal to 0/,
    ],
    [
      'an operator that does not exist',
      withArg({ op: 'EQ' }),
      'spec.syscalls[0].args[0].op',
      /supported values: .*"SCMP_CMP_EQ"/,
    ],
    [
      'a second value that no operator reads',
      withArg({ valueTwo: 7 }),
      'spec.syscalls[0].args[0].valueTwo',
      /remove it or change op/,
    ],
    ['a value below 0', withArg({ value: -1 }), 'spec.syscalls[0].args[0].value', NUMBER],
    ['a value beyond 64 bits', withArg({ value: '18446744073709551616' }), 'spec.syscalls[0].args[0].value', NUMBER],
    [
      'a value beyond 64 bits in hexadecimal',
      withArg({ value: '0x10000000000000000' }),
      'spec.syscalls[0].args[0].value',
      NUMBER,
    ],
    [
      'a second value beyond 64 bits',
      withArg({ op: 'SCMP_CMP_MASKED_EQ', valueTwo: '99999999999999999999' }),
      'spec.syscalls[0].args[0].valueTwo',
      NUMBER,
    ],
    ['a value that is a word', withArg({ value: 'O_CREAT' }), 'spec.syscalls[0].args[0].value', NUMBER],
    ['a value that is no integer', withArg({ value: 1.5 }), 'spec.syscalls[0].args[0].value', NO_NUMBER],
    [
      'a number beyond 64 bits without quotes',
      withNumber('18446744073709551616'),
      'spec.syscalls[0].args[0].value',
      NO_NUMBER,
    ],
    [
      'a number that needs the 64th bit without quotes',
      withNumber('9223372036854775808'),
      'spec.syscalls[0].args[0].value',
      NO_NUMBER,
    ],
    [
      'a base in a registry',
      manifest({ defaultAction: 'SCMP_ACT_ERRNO', baseProfileName: 'oci://registry.example/base:v1' }),
      'spec.baseProfileName',
      /apply the base as a SeccompProfile/,
    ],
    [
      'a socket by a relative path',
      manifest({ defaultAction: 'SCMP_ACT_LOG', listenerPath: 'agent.sock' }),
      'spec.listenerPath',
      /begin it with a slash/,
    ],
    [
      'a state that does not exist',
      manifest({ defaultAction: 'SCMP_ACT_LOG', state: 'Off' }),
      'spec.state',
      /supported values: "Enabled", "Disabled"/,
    ],
    [
      'a mode that does not exist',
      manifest({ defaultAction: 'SCMP_ACT_ERRNO', mode: 'Log' }),
      'spec.mode',
      /supported values: "Enforce", "Audit"/,
    ],
    [
      'a mode beside stages that say it',
      manifest({
        defaultAction: 'SCMP_ACT_ERRNO',
        mode: 'Audit',
        rollout: { stages: [{ mode: 'Audit', soak: '1h' }] },
      }),
      'spec.mode',
      /remove one of mode and rollout/,
    ],
    ['a rollout without stages', withStages(), 'spec.rollout.stages', /at least 1 items/],
    ['a stage without its time', withStages({ mode: 'Audit' }), 'spec.rollout.stages[0].soak', /Required value/],
    ['a time in days', withStages({ mode: 'Audit', soak: '1d' }), 'spec.rollout.stages[0].soak', /should match/],
    [
      'a stage in no mode',
      withStages({ mode: 'Log', soak: '1h' }),
      'spec.rollout.stages[0].mode',
      /"Audit", "Enforce", "Kill"/,
    ],
    [
      'a label that no node can have',
      withStages({ mode: 'Audit', soak: '1h', nodeSelector: { canary: 'x'.repeat(64) } }),
      'spec.rollout.stages[0].nodeSelector',
      /Too long: may not be more than 63/,
    ],
    [
      'a name that is too long for a file',
      manifest({ defaultAction: 'SCMP_ACT_LOG' }, 'a'.repeat(246)),
      'metadata.name',
      /choose a shorter one/,
    ],
    ['a name that is a path', manifest({ defaultAction: 'SCMP_ACT_LOG' }, 'a/b'), 'name "a/b"', /may not contain '\/'/],
    [
      'a name that is no file name',
      manifest({ defaultAction: 'SCMP_ACT_LOG' }, '.hidden'),
      'metadata.name',
      /must start and end with an alphanumeric/,
    ],
  ];
  for (const [what, text, field, fix] of refused) {
    it(`refuses ${what}, naming field and fix`, async () => {
      const { code, stderr } = await controlPlane.tryKubectl(['apply', '--dry-run=server', '-f', '-'], text);
      expect(stderr).to.contain(field).and.match(fix);
      expect(code).to.not.equal(0);
    });
  }

  const accepted: [what: string, text: string][] = [
    ['the largest value, in quotes', withArg({ value: '18446744073709551615' })],
    ['the largest value in hexadecimal', withArg({ value: '0xFFFFFFFFFFFFFFFF' })],
    ['the largest number without quotes', withNumber('9223372036854775807')],
    ['a condition without value, which is 0', withArg({})],
    ['a second value of 0 where none is read, as generated manifests have it', withArg({ valueTwo: 0 })],
    ['an error number of 0', withRule({ action: 'SCMP_ACT_TRACE', errnoRet: 0 })],
    [
      'a rollout with all that a stage can say',
      withStages(
        { mode: 'Audit', soak: '24h' },
        {
          mode: 'Enforce',
          soak: '1h30m',
          nodeSelector: { canary: 'true' },
          minPods: 0,
          maxViolations: 5,
          onViolations: 'RollBack',
        },
        { mode: 'Kill', soak: '0s' },
      ),
    ],
    ['the longest name', manifest({ defaultAction: 'SCMP_ACT_LOG' }, 'a'.repeat(245))],
    ['a name that ends in .json', manifest({ defaultAction: 'SCMP_ACT_LOG' }, 'nginx.json')],
  ];
  for (const [what, text] of accepted) {
    it(`takes ${what}`, () => apply(text));
  }

  for (const file of ['seed', 'log-all', 'deny-mount', 'with-base']) {
    it(`takes examples/${file}.yaml`, () => apply(readFileSync(join(root, `examples/${file}.yaml`), 'utf8')));
  }

  for (const version of ['v1', 'v1beta1']) {
    it(`takes ${version} manifests of Security Profiles Operator when their apiVersion is changed`, async () => {
      const theirs = readFileSync(join(root, `test/golden/spo/${version}.input.yaml`), 'utf8');
      await apply(theirs.replaceAll(`security-profiles-operator.x-k8s.io/${version}`, 'seccomp-operator.dev/v1alpha1'));
    });
  }

  it('says of a new profile that nobody has looked at it, so that no tool calls it current', async () => {
    await controlPlane.kubectl(['apply', '-f', '-'], manifest({ defaultAction: 'SCMP_ACT_LOG' }, 'new'));
    const seen = await controlPlane.kubectl(['get', 'scp', 'new', '-o', 'jsonpath={.status.observedGeneration}']);
    expect(seen).to.equal('-1');
  });

  it('keeps a value of 64 bits to the last digit', async () => {
    await controlPlane.kubectl(['apply', '-f', '-'], withNumber('9007199254740993'));
    const kept = await controlPlane.kubectl([
      'get',
      'scp',
      'example',
      '-o',
      'jsonpath={.spec.syscalls[0].args[0].value}',
    ]);
    expect(kept).to.equal('9007199254740993');
  });
});
