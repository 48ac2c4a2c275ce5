import { expect } from 'chai';
import { bundleDigest } from '../../../src/core/profile/digest.ts';
import { Bundle } from '../../../src/operator/bundle.ts';
import type { PlaceRef } from '../../../src/operator/place-configmap.ts';
import type { RenderedRef } from '../../../src/operator/rendered-configmap.ts';

const ref = (profile: string, resourceVersion: string, more: Partial<RenderedRef> = {}): RenderedRef => ({
  profile,
  uid: `uid-${profile}`,
  resourceVersion,
  digests: new Map([['profile.json', `sha256:${profile}${resourceVersion}`]]),
  table: [],
  ...more,
});
const on = (architecture: string, name = 'node') => ({ name, architecture });
const listed = (...refs: RenderedRef[]) => {
  const bundle = new Bundle();
  for (const each of refs) bundle.observed(each, true);
  bundle.listed('20');
  return bundle;
};

const NOTHING = { profile: () => undefined, place: () => undefined };
const shows = (...refs: RenderedRef[]) => ({
  ...NOTHING,
  profile: (name: string) => refs.find(each => each.profile === name),
});
const NONE_MISSED = { profiles: [], nodes: [] };

describe('what all nodes should hold', () => {
  it('is what was listed, as of the newest change, seen up to the list', () => {
    expect(listed(ref('web', '7'), ref('db', '12')).expected(on('amd64'))).to.deep.equal({
      digest: bundleDigest([
        ['web.json', 'sha256:web7'],
        ['db.json', 'sha256:db12'],
      ]),
      changedAt: '12',
      seenTo: '20',
    });
  });

  it('differs by architecture where a profile does, and lacks what is not rendered for one yet', () => {
    const digests = new Map([
      ['amd64.json', 'sha256:a'],
      ['arm64.json', 'sha256:b'],
    ]);
    const bundle = listed(ref('web', '7', { digests }));
    expect(bundle.expected(on('amd64')).digest).to.equal(bundleDigest([['web.json', 'sha256:a']]));
    expect(bundle.expected(on('arm64')).digest).to.equal(bundleDigest([['web.json', 'sha256:b']]));
    expect(bundle.expected(on('riscv64')).digest).to.equal(bundleDigest([]));
  });

  it('changes with what was written, before the watch has seen that', () => {
    const bundle = listed(ref('web', '7'));
    bundle.expected(on('amd64'));
    bundle.wrote(ref('web', '25'));
    const digest = bundleDigest([['web.json', 'sha256:web25']]);
    expect(bundle.expected(on('amd64'))).to.deep.equal({ digest, changedAt: '25', seenTo: '20' });
  });

  it('changes with what is gone, as of then', () => {
    const bundle = listed(ref('web', '7'));
    bundle.gone(ref('web', '7'), '22');
    expect(bundle.expected(on('amd64'))).to.deep.equal({ digest: bundleDigest([]), changedAt: '22', seenTo: '20' });
  });

  it('lets nodes pass the moment at which a profile went, until it is back or somebody else’s list begins', () => {
    const bundle = listed(ref('web', '7'), ref('db', '7'));
    bundle.gone(ref('web', '7'), '22');
    bundle.gone(ref('db', '7'), '23');
    expect(bundle.between('21', '23', 'node')).to.deep.equal(['web', 'db']);
    bundle.observed(ref('web', '24'), false);
    expect(bundle.between('21', '23', 'node')).to.deep.equal(['db']);
    bundle.listed('30');
    expect(bundle.between('21', '23', 'node')).to.deep.equal([]);
  });

  it('is seen further with each word of the watch, and never less far', () => {
    const bundle = listed();
    bundle.progress('100', NOTHING);
    bundle.progress('99', NOTHING);
    expect(bundle.expected(on('amd64')).seenTo).to.equal('100');
  });

  it('lacks what was written and removed while there was no watch, once the list shows nothing of it', () => {
    const bundle = listed(ref('web', '7'));
    bundle.wrote(ref('db', '25'));
    bundle.listed('30');
    expect(bundle.progress('30', shows(ref('web', '7')))).to.deep.equal({ profiles: ['db'], nodes: [] });
    expect(bundle.expected(on('amd64')).digest).to.equal(bundleDigest([['web.json', 'sha256:web7']]));
    expect(bundle.between('21', '30', 'node')).to.deep.equal(['db']);
  });

  it('is what the watch shows where it has passed a write of ours without a word, since etcd was restored', () => {
    const bundle = listed(ref('web', '7'));
    bundle.wrote(ref('web', '25'));
    bundle.listed('20');
    const shown = shows(ref('web', '7'));
    expect(bundle.progress('24', shown)).to.deep.equal(NONE_MISSED);
    expect(bundle.progress('26', shown)).to.deep.equal({ profiles: ['web'], nodes: [] });
    expect(bundle.expected(on('amd64')).digest).to.equal(bundleDigest([['web.json', 'sha256:web7']]));
  });

  it('stays with what was written when the watch tells of it', () => {
    const bundle = listed(ref('web', '7'));
    bundle.wrote(ref('web', '25'));
    bundle.observed(ref('web', '25'), false);
    expect(bundle.progress('25', NOTHING)).to.deep.equal(NONE_MISSED);
    expect(bundle.get('web')?.resourceVersion).to.equal('25');
  });

  it('goes back in time with a list, when etcd was restored', () => {
    const bundle = listed(ref('web', '15'));
    bundle.observed(ref('web', '7'), true);
    bundle.listed('9');
    expect(bundle.expected(on('amd64'))).to.include({ changedAt: '7', seenTo: '9' });
    expect(bundle.get('web')?.resourceVersion).to.equal('7');
  });
});

describe('profiles of which a node holds another version', () => {
  it('are those published between what it had applied and what it has', () => {
    const bundle = listed(ref('web', '7'), ref('db', '12'), ref('queue', '15'));
    expect(bundle.between('7', '12', 'node')).to.deep.equal(['db']);
    expect(bundle.between('15', '7', 'node')).to.deep.equal(['db', 'queue']);
    bundle.wrote(ref('web', '25'));
    bundle.gone(ref('queue', '15'), '26');
    expect(bundle.between('7', '30', 'node')).to.deep.equal(['db', 'web', 'queue']);
    bundle.forget('queue');
    expect(bundle.between('7', '30', 'node')).to.deep.equal(['db', 'web']);
  });
});

describe('nodes that are told of their labels', () => {
  const table = [{ nodeSelector: { canary: 'true' }, prefix: 'enforce.' }];
  const digests = new Map([
    ['profile.json', 'sha256:audit'],
    ['enforce.profile.json', 'sha256:enforce'],
  ]);
  const place = (resourceVersion: string, canary: string): PlaceRef => ({
    node: 'a',
    uid: 'p',
    resourceVersion,
    labels: { canary },
    since: {},
  });
  const split = () => listed(ref('web', '7', { digests, table }), ref('db', '8'));
  const web = (bundle: Bundle, name: string) => {
    const db = ['db.json', 'sha256:db8'] as const;
    const held = bundle.expected(on('amd64', name)).digest;
    return ['audit', 'enforce'].find(form => held === bundleDigest([['web.json', `sha256:${form}`], db]));
  };

  it('should hold what the table says for these', () => {
    const bundle = split();
    bundle.placeObserved(place('21', 'true'), false);
    expect([web(bundle, 'a'), web(bundle, 'b')]).to.deep.equal(['enforce', 'audit']);
    bundle.placeObserved(place('22', 'false'), false);
    expect(web(bundle, 'a')).to.equal('audit');
  });

  it('come to hold another version with what they are told', () => {
    const bundle = split();
    bundle.placeObserved(place('21', 'true'), false);
    expect(bundle.between('8', '21', 'a')).to.deep.equal(['web']);
    expect(bundle.between('8', '21', 'b')).to.deep.equal([]);
  });

  it('have to have applied that too, for profiles of which it decides', () => {
    const bundle = split();
    bundle.placeObserved(place('21', 'true'), false);
    const publishedFor = (profile: string, node: string) => {
      const known = bundle.get(profile);
      return known && bundle.publishedFor(known, node);
    };
    expect(publishedFor('web', 'a')).to.equal('21');
    expect(publishedFor('web', 'b')).to.equal('7');
    expect(publishedFor('db', 'a')).to.equal('8');
    expect(bundle.expected(on('amd64', 'a')).changedAt).to.equal('21');
    expect(bundle.expected(on('amd64', 'b')).changedAt).to.equal('8');
  });

  it('have to have seen it go', () => {
    const bundle = split();
    bundle.placeObserved(place('15', 'true'), true);
    bundle.placeGone(place('15', 'true'), '23');
    expect(web(bundle, 'a')).to.equal('audit');
    expect(bundle.expected(on('amd64', 'a')).changedAt).to.equal('23');
  });

  it('are known as they were written, before the watch tells, and not as they were before that', () => {
    const bundle = split();
    bundle.wrotePlace(place('25', 'true'));
    bundle.placeObserved(place('24', 'false'), false);
    expect(web(bundle, 'a')).to.equal('enforce');
  });

  it('are told nothing once the watch has passed what was written without a word: it was removed meanwhile', () => {
    const bundle = split();
    bundle.wrotePlace(place('25', 'true'));
    expect(bundle.progress('24', NOTHING)).to.deep.equal(NONE_MISSED);
    expect(bundle.progress('26', NOTHING)).to.deep.equal({ profiles: [], nodes: ['a'] });
    expect(web(bundle, 'a')).to.equal('audit');
  });

  it('are told what the watch shows instead, where etcd was restored', () => {
    const bundle = split();
    bundle.wrotePlace(place('25', 'true'));
    bundle.listed('20');
    expect(bundle.progress('26', { ...NOTHING, place: () => place('9', 'false') }).nodes).to.deep.equal(['a']);
    expect(bundle.place('a')?.resourceVersion).to.equal('9');
  });

  it('stay with what was written when the watch tells of it', () => {
    const bundle = split();
    bundle.wrotePlace(place('25', 'true'));
    bundle.placeObserved(place('25', 'true'), false);
    expect(bundle.progress('26', NOTHING)).to.deep.equal(NONE_MISSED);
    expect(web(bundle, 'a')).to.equal('enforce');
  });
});

describe('a rendered profile', () => {
  it('stays as it was written when the watch tells of the version before', () => {
    const bundle = listed();
    bundle.wrote(ref('web', '25'));
    bundle.observed(ref('web', '24'), false);
    expect(bundle.get('web')?.resourceVersion).to.equal('25');
  });

  it('that was made again stays when the end of the former one is told', () => {
    const bundle = listed();
    bundle.wrote(ref('web', '25', { uid: 'again' }));
    bundle.gone(ref('web', '21'), '24');
    expect(bundle.get('web')?.uid).to.equal('again');
  });

  it('does not come back by a late answer, once the watch has shown it go', () => {
    const bundle = listed();
    bundle.observed(ref('web', '25'), false);
    bundle.gone(ref('web', '25'), '26');
    bundle.progress('26', NOTHING);
    bundle.wrote(ref('web', '25'));
    expect(bundle.size).to.equal(0);
  });
});
