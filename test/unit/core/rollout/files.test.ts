import { expect } from 'chai';
import fc from 'fast-check';
import type { ResolvedSpec } from '../../../../src/core/profile/base.ts';
import { digestOf } from '../../../../src/core/profile/digest.ts';
import { renderProfile } from '../../../../src/core/profile/render.ts';
import { commonFiles, filesOf, pickKey, readTable, TABLE_KEY } from '../../../../src/core/rollout/files.ts';
import { formFor, type Holding, holdingAt, holdingOf } from '../../../../src/core/rollout/holding.ts';
import type { PlannedStage } from '../../../../src/core/rollout/plan.ts';

const SPEC: ResolvedSpec = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
};
const BEFORE = [{ key: 'profile.json', digest: 'sha256:before' }];
const CANARY = { canary: 'true' };
const stage = (mode: PlannedStage['mode'], nodeSelector?: Record<string, string>): PlannedStage =>
  ({ mode, nodeSelector, signature: '' }) as PlannedStage;

describe('what nodes hold at a stage', () => {
  const PLAN = [stage('Audit'), stage('Enforce', CANARY), stage('Enforce'), stage('Kill', { zone: 'a' })];
  const at = (number: number, labels: Record<string, string>, hasBefore = true, plan = PLAN) =>
    formFor(holdingAt(plan, number, hasBefore), labels);
  const BOTH = { canary: 'true', zone: 'a' };

  it('is the form of the last stage so far that selects them', () => {
    expect([0, 1, 2, 3, 4].map(number => at(number, {}))).to.deep.equal([
      'Before',
      'Audit',
      'Audit',
      'Enforce',
      'Enforce',
    ]);
    expect([0, 1, 2, 3, 4].map(number => at(number, BOTH))).to.deep.equal([
      'Before',
      'Audit',
      'Enforce',
      'Enforce',
      'Kill',
    ]);
  });

  it('is what they held before, where no stage has selected them, or else what refuses nothing', () => {
    const plan = [stage('Enforce', CANARY), stage('Enforce')];
    expect(at(1, {}, true, plan)).to.equal('Before');
    expect(at(1, {}, false, plan)).to.equal('Audit');
    expect(at(1, CANARY, false, plan)).to.equal('Enforce');
  });

  it('is decided by the later of two stages, also where that is the form of all others', () => {
    const plan = [stage('Audit'), stage('Enforce', { zone: 'a' }), stage('Audit', CANARY)];
    expect(at(3, BOTH, false, plan)).to.equal('Audit');
    expect(at(3, { zone: 'a' }, false, plan)).to.equal('Enforce');
  });

  it('takes no table where all hold the same', () => {
    expect(holdingAt([stage('Audit'), stage('Audit', CANARY)], 2, false)).to.deep.equal(holdingOf('Audit'));
  });
});

describe('the files of a profile', () => {
  const files = (holding: Holding, before = BEFORE, architectures = ['amd64']) =>
    filesOf(SPEC, new Set(architectures), holding, before);
  const split: Holding = { others: 'Enforce', selected: [{ nodeSelector: CANARY, form: 'Kill' }] };

  it('are one for all where all hold the same, and nothing says which', () => {
    expect([...files(holdingOf('Enforce'), []).keys()]).to.deep.equal(['profile.json']);
  });

  it('have another form beside, what was held before, and a table', () => {
    expect([...files(split).keys()]).to.deep.equal([
      'profile.json',
      'kill.profile.json',
      'before.profile.json',
      TABLE_KEY,
    ]);
  });

  it('give what was held before to most nodes, and what refuses nothing where that has no file for them', () => {
    const armOnly = [{ key: 'arm64.json', digest: 'sha256:arm' }];
    const found = files({ others: 'Before', selected: [] }, armOnly, ['arm64', 'amd64']);
    expect(found.get('arm64.json')).to.deep.equal({ digest: 'sha256:arm' });
    expect(found.get('amd64.json')?.digest).to.equal(digestOf(renderProfile({ ...SPEC, mode: 'Audit' }, 'amd64')));
  });

  it('are found again as what most nodes hold', () => {
    const digests = new Map([...files(split)].map(([key, { digest }]) => [key, digest]));
    const [first] = files(split).values();
    expect(commonFiles(digests)).to.deep.equal([{ key: 'profile.json', digest: first?.digest }]);
  });

  it('are taken by every node as its labels and architecture say', () => {
    const mode = fc.constantFrom('Audit', 'Enforce', 'Kill', 'Before' as const) as fc.Arbitrary<Holding['others']>;
    const labels = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'));
    const selector = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'), { minKeys: 1 });
    const holding = fc.record({
      others: mode,
      selected: fc.array(fc.record({ nodeSelector: selector, form: mode }), { maxLength: 3 }),
    });
    const architecture = fc.constantFrom('amd64', 'arm64');
    fc.assert(
      fc.property(holding, labels, architecture, fc.boolean(), (each, own, node, varies) => {
        fc.pre(each.selected.every(entry => entry.form !== 'Before'));
        const spec: ResolvedSpec = varies ? { ...SPEC, architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_ARM'] } : SPEC;
        const found = filesOf(spec, new Set(['amd64', 'arm64']), each, BEFORE);
        const table = found.get(TABLE_KEY);
        const key = pickKey(found.keys(), readTable(table && 'text' in table ? table.text : undefined), node, own);
        const form = formFor(each, own);
        const wanted = form === 'Before' ? 'sha256:before' : digestOf(renderProfile({ ...spec, mode: form }, node));
        expect(found.get(key ?? '')?.digest).to.equal(wanted);
      }),
    );
  });

  it('have no table that cannot be read', () => {
    for (const text of ['{}', '[{}]', '[null]', '[{"nodeSelector":{}}]', '{'])
      expect(() => readTable(text), text).to.throw();
    expect(readTable(undefined)).to.deep.equal([]);
  });
});
