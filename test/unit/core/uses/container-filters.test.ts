import { expect } from 'chai';
import { containerFilters, filterOf } from '../../../../src/core/uses/container-filters.ts';

const under = (localhostProfile: string, type = 'Localhost') => ({
  securityContext: { seccompProfile: { type, localhostProfile } },
});
const status = (name: string, id: string) => ({ name, containerID: `containerd://${id}` });

describe('the filters of a Pod’s containers', () => {
  it('are their own, or else that of the Pod', () => {
    const spec = {
      ...under('operator/pod.json'),
      initContainers: [{ name: 'i', ...under('operator/init.json') }],
      containers: [{ name: 'a' }, { name: 'b', ...under('', 'RuntimeDefault') }],
    };
    expect(containerFilters({ spec }).map(({ container, file }) => [container, file])).to.deep.equal([
      ['i', 'operator/init.json'],
      ['a', 'operator/pod.json'],
      ['b', undefined],
    ]);
  });

  it('are known by the ids that the runtime gave, also of the run before', () => {
    const spec = { containers: [{ name: 'a', ...under('operator/a.json') }, { name: 'b' }] };
    const before = { terminated: { containerID: 'cri-o://a1' } };
    const filters = containerFilters({
      spec,
      status: { containerStatuses: [{ ...status('a', 'a2'), lastState: before }, status('b', 'b1')] },
    });
    expect(filterOf(filters, 'a1')).to.include({ container: 'a', file: 'operator/a.json' });
    expect(filterOf(filters, 'a2')).to.include({ container: 'a', file: 'operator/a.json' });
    expect(filterOf(filters, 'b1')).to.include({ container: 'b', file: undefined });
  });

  it('are that of the one container whose id is not known yet', () => {
    const spec = { containers: [{ name: 'a' }, { name: 'b', ...under('operator/b.json') }] };
    const filters = containerFilters({ spec, status: { containerStatuses: [status('a', 'a1')] } });
    expect(filterOf(filters, 'new')).to.include({ container: 'b', file: 'operator/b.json' });
  });

  it('are that of all containers whose id is not known yet, when they have the same', () => {
    const spec = { ...under('operator/pod.json'), containers: [{ name: 'a' }, { name: 'b' }] };
    expect(filterOf(containerFilters({ spec }), 'new')).to.deep.equal({
      container: undefined,
      file: 'operator/pod.json',
    });
  });

  it('are not known while several come into question', () => {
    const spec = { containers: [{ name: 'a' }, { name: 'b', ...under('operator/b.json') }] };
    expect(filterOf(containerFilters({ spec }), 'new')).to.equal(undefined);
  });

  it('are that of the one container there is, when it started anew', () => {
    const spec = { containers: [{ name: 'a', ...under('operator/a.json') }] };
    const filters = containerFilters({ spec, status: { containerStatuses: [status('a', 'a1')] } });
    expect(filterOf(filters, 'a2')).to.deep.equal({ container: 'a', file: 'operator/a.json' });
  });
});
