import { expect } from 'chai';
import fc from 'fast-check';
import type { ForeignObject } from '../../../../src/core/migrate/foreign-object.ts';
import { migrate } from '../../../../src/core/migrate/migrate.ts';
import { renderProfile } from '../../../../src/core/profile/render.ts';
import { spoSpec } from '../../../support/spo/arbitrary.ts';

const GROUP = 'security-profiles-operator.x-k8s.io';

const profile = (metadata: object, spec: object, version = 'v1'): ForeignObject => ({
  apiVersion: `${GROUP}/${version}`,
  kind: 'SeccompProfile',
  metadata,
  spec: { defaultAction: 'SCMP_ACT_ERRNO', ...spec },
});
const other = (kind: string, spec: object, version = 'v1alpha1'): ForeignObject => ({
  apiVersion: `${GROUP}/${version}`,
  kind,
  metadata: { namespace: 'web', name: 'x' },
  spec: spec as Record<string, unknown>,
});
const rule = (fields: object) => ({ syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', ...fields }] });
const arg = (fields: object) => rule({ args: [{ index: 0, op: 'SCMP_CMP_EQ', ...fields }] });

function only(...objects: ForeignObject[]) {
  const { profiles, findings } = migrate(objects);
  expect(findings, 'one finding').to.have.lengthOf(1);
  return { profile: profiles[0], result: findings[0]?.result, notes: findings[0]?.notes ?? [] };
}

describe('what becomes of a profile of Security Profiles Operator', () => {
  it('changes its apiVersion, and loses what is not a person’s', () => {
    const labels = { team: 'web', 'spo.x-k8s.io/recording-id': 'r', 'app.kubernetes.io/managed-by': 'Helm' };
    const annotations = { syscalls: '[]', why: 'x', 'meta.helm.sh/release-name': 'r' };
    const object = profile(
      { name: 'nginx', uid: 'u', resourceVersion: '7', finalizers: ['n'], labels, annotations },
      {},
    );
    expect(only(object)).to.deep.equal({
      profile: {
        apiVersion: 'seccomp-operator.dev/v1alpha1',
        kind: 'SeccompProfile',
        metadata: { name: 'nginx', labels: { team: 'web' }, annotations: { why: 'x' } },
        spec: { defaultAction: 'SCMP_ACT_ERRNO' },
      },
      result: 'carried over',
      notes: [],
    });
  });

  it('keeps the marks of tools in a manifest, which is their source', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
    expect(only(profile({ name: 'nginx', labels }, {})).profile?.metadata.labels).to.deep.equal(labels);
  });

  it('means the same on the node', () => {
    fc.assert(
      fc.property(spoSpec, spec => {
        const { profile: carried, result } = only(profile({ name: 'any' }, spec));
        fc.pre(result !== 'left out');
        expect(JSON.parse(renderProfile(carried?.spec as never, 'amd64')).syscalls).to.deep.equal(onTheNode(spec));
      }),
    );
  });

  const kept: [string, object, string][] = [
    ['disabled: true of v1beta1', { disabled: true }, 'state'],
    ['state: Disabled', { state: 'Disabled' }, 'state'],
    ['an errnoRet that was a string before 0.8', rule({ errnoRet: '38' }), 'errnoRet'],
    ['an argument beyond 53 bits', arg({ value: '9223372036854775807' }), '9223372036854775807'],
  ];
  for (const [what, spec, where] of kept) {
    it(`keeps ${what}`, () => {
      const { result, profile: carried } = only(profile({ name: 'x' }, spec));
      expect(result).to.equal('carried over');
      expect(JSON.stringify(carried)).to.include(where);
    });
  }

  const dropped: [string, object, string][] = [
    ['errnoRet 0, which it never wrote', rule({ errnoRet: 0 }), 'spec.syscalls[0].errnoRet: 0 left out'],
    [
      'errnoRet of an action without number',
      rule({ action: 'SCMP_ACT_LOG', errnoRet: 5 }),
      'SCMP_ACT_LOG gives no number',
    ],
    ['valueTwo that is not read', arg({ valueTwo: 3 }), 'spec.syscalls[0].args[0].valueTwo: left out'],
    ['a name that no system call can have', rule({ names: ['mount', 'a-b'] }), 'left out "a-b"'],
    ['a field that is not known', { targetWorkload: 'x' }, 'spec.targetWorkload: left out'],
  ];
  for (const [what, spec, note] of dropped) {
    it(`leaves out ${what}, and says so`, () => {
      const { result, notes } = only(profile({ name: 'x' }, spec));
      expect(result).to.equal('carried over');
      expect(notes.join()).to.include(note);
    });
  }

  const refused: [string, object, string][] = [
    [
      'a negative argument, with both unsigned forms',
      arg({ value: -100 }),
      '"18446744073709551516" where the caller passes 64 bits, 4294967196',
    ],
    ['an argument index beyond the sixth', arg({ index: 6 }), 'use 0 to 5'],
    ['an error number that no runtime takes', rule({ errnoRet: 70000 }), 'write 1 to 4094'],
    [
      'a base in a registry whose rules are not known',
      { baseProfileName: 'oci://example.com/runc:v1' },
      'migrate from the cluster',
    ],
    ['more rules than fit', { syscalls: Array(1025).fill({ names: ['read'], action: 'SCMP_ACT_LOG' }) }, '1025 rules'],
    ['a missing default action', { defaultAction: undefined }, 'spec.defaultAction'],
  ];
  for (const [what, spec, problem] of refused) {
    it(`is left out because of ${what}`, () => {
      const { result, notes, profile: carried } = only(profile({ name: 'x' }, spec));
      expect(carried).to.equal(undefined);
      expect(result).to.equal('left out');
      expect(notes.join()).to.include(problem);
    });
  }

  it('has the rules of a base in a registry as its own, where the cluster knows them', () => {
    const merged = [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }];
    const annotations = { syscalls: JSON.stringify(merged) };
    const { result, profile: carried } = only(
      profile({ name: 'x', annotations }, { baseProfileName: 'oci://example.com/runc:v1' }),
    );
    expect(result).to.equal('carried over');
    expect(carried?.spec).to.deep.equal({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: merged });
  });

  it('is left out while its recording goes on, and when it is being deleted', () => {
    expect(only(profile({ name: 'x', labels: { 'spo.x-k8s.io/partial': 'true' } }, {})).result).to.equal('left out');
    expect(only(profile({ name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' }, {})).result).to.equal('left out');
  });
});

describe('profiles of namespaces, as before 0.9', () => {
  const inWeb = (name: string, spec = {}) => profile({ namespace: 'web', name }, spec, 'v1beta1');
  const inShop = (name: string, spec = {}) => profile({ namespace: 'shop', name }, spec, 'v1beta1');

  it('keep their name, and their Pods have to name another path', () => {
    const { result, notes, profile: carried } = only(inWeb('nginx'));
    expect(carried?.metadata.name).to.equal('nginx');
    expect(result).to.equal('act');
    expect(notes.join()).to.include('was operator/web/nginx.json and is operator/nginx.json');
  });

  it('bear their namespace in the name where another one has it too, also as a base', () => {
    const { profiles } = migrate([inWeb('nginx'), inShop('nginx'), inShop('extra', { baseProfileName: 'nginx' })]);
    expect(profiles.map(each => each.metadata.name)).to.deep.equal(['web-nginx', 'shop-nginx', 'extra']);
    expect(profiles[2]?.spec.baseProfileName).to.equal('shop-nginx');
  });

  it('are left out where such a name is taken', () => {
    const { findings } = migrate([inWeb('nginx'), inShop('nginx'), inShop('web-nginx')]);
    expect(findings.map(({ result }) => result)).to.deep.equal(['left out', 'act', 'left out']);
  });

  it('are cluster-scoped in v1, whatever a manifest says', () => {
    expect(only(profile({ namespace: 'web', name: 'nginx' }, {})).result).to.equal('carried over');
  });
});

describe('profiles with a base', () => {
  it('wait for one that is not among them', () => {
    const { result, notes } = only(profile({ name: 'x' }, { baseProfileName: 'runtime' }));
    expect(result).to.equal('act');
    expect(notes.join()).to.include('"runtime" is not among these');
  });

  it('wait for one that is left out', () => {
    const { findings } = migrate([
      profile({ name: 'x' }, { baseProfileName: 'runtime' }),
      profile({ name: 'runtime' }, arg({ value: -1 })),
    ]);
    expect(findings[0]?.notes.join()).to.include('"runtime" is left out');
  });
});

describe('what is no profile', () => {
  it('is named with what to do instead', () => {
    const binding = { image: 'nginx:1', profileRef: { kind: 'SeccompProfile', name: 'nginx' } };
    const { result, notes } = only(other('ProfileBinding', binding));
    expect(result).to.equal('left out');
    expect(notes.join()).to.include('localhostProfile: operator/nginx.json');
    for (const kind of ['ProfileRecording', 'SelinuxProfile', 'RawSelinuxProfile', 'AppArmorProfile'])
      expect(only(other(kind, {})).result, kind).to.equal('left out');
    expect(only({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }).result).to.equal('left out');
  });

  it('is passed over where nobody misses it', () => {
    const status = other('SecurityProfileNodeStatus', {});
    const daemon = other('SecurityProfilesOperatorDaemon', { verbosity: 1 });
    expect(migrate([status, daemon])).to.deep.equal({ profiles: [], findings: [] });
  });

  it('is its configuration, in the old form and the new', () => {
    const old = other('SecurityProfilesOperatorDaemon', { enableLogEnricher: true, allowedSyscalls: ['read'] });
    const grouped = other('SecurityProfilesOperatorDaemon', { enricher: { enableLogEnricher: true } }, 'v1');
    expect(only(old).notes).to.have.lengthOf(2);
    expect(only(grouped).notes).to.have.lengthOf(1);
  });
});

it('a List is as good as its items, and of two manifests the last one counts', () => {
  const first = profile({ name: 'x' }, { defaultAction: 'SCMP_ACT_LOG' });
  const { profiles, findings } = migrate([
    { kind: 'List', items: [first, profile({ name: 'x' }, {})] } as ForeignObject,
  ]);
  expect(profiles.map(({ spec }) => spec.defaultAction)).to.deep.equal(['SCMP_ACT_ERRNO']);
  expect(findings.map(({ result }) => result)).to.deep.equal(['left out', 'carried over']);
});

/** The rules that a runtime reads of the file which Security Profiles Operator makes: Go leaves out zeros. */
function onTheNode({ defaultAction, syscalls = [] }: { defaultAction: string; syscalls?: Spo[] }): object[] {
  const rules = syscalls.flatMap(({ names, action, errnoRet, args = [] }) => {
    const known = names.filter(name => !name.includes('-')).sort();
    const hasErrno = errnoRet && (action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE');
    const conditions = args.map(({ index, value = 0, valueTwo = 0, op }) => ({
      index,
      value: Number(value),
      ...(op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo: Number(valueTwo) } : {}),
      op,
    }));
    if (known.length === 0) return [];
    return [{ names: known, action, ...(hasErrno ? { errnoRet } : {}), ...(args.length ? { args: conditions } : {}) }];
  });
  return rules.length ? rules : [{ names: ['exit_group'], action: defaultAction }];
}

interface Spo {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; op: string; value?: number | string; valueTwo?: number | string }[];
}
