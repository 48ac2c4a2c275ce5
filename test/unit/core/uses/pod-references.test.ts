import { expect } from 'chai';
import { profileReferences } from '../../../../src/core/uses/pod-references.ts';

const under = (localhostProfile: string, type = 'Localhost') => ({
  securityContext: { seccompProfile: { type, localhostProfile } },
});

describe('references of a Pod', () => {
  it('finds those of the Pod, and of containers of every kind', () => {
    const spec = {
      ...under('operator/pod.json'),
      initContainers: [under('operator/init.json'), under('operator/sidecar.json')],
      containers: [under('operator/main.json'), {}],
      ephemeralContainers: [under('operator/debug.json')],
    };
    expect(profileReferences({ spec })).to.deep.equal(
      ['pod', 'init', 'sidecar', 'main', 'debug'].map(name => `operator/${name}.json`),
    );
  });

  it('says each once', () => {
    const spec = { containers: [under('operator/a.json'), under('operator/a.json')] };
    expect(profileReferences({ spec })).to.deep.equal(['operator/a.json']);
  });

  it('knows a path that the kubelet joins to the same file', () => {
    const spec = { containers: [under('operator//a.json'), under('./operator/./a.json')] };
    expect(profileReferences({ spec })).to.deep.equal(['operator/a.json']);
  });

  it('leaves out other kinds and other directories', () => {
    const spec = {
      containers: [
        under('operator/a.json', 'RuntimeDefault'),
        under('mine/a.json'),
        under('operator'),
        under('operators/a.json'),
      ],
    };
    expect(profileReferences({ spec })).to.deep.equal([]);
    expect(profileReferences({})).to.deep.equal([]);
  });
});
