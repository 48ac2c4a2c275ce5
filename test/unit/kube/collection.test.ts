import { expect } from 'chai';
import { Collection } from '../../../src/kube/collection.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const object = (name: string, resourceVersion: string, uid = name): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns', uid, resourceVersion },
});

/** Holds a and b, from a complete list. */
function listed(): Collection<KubeObject, string> {
  const collection = new Collection<KubeObject, string>(
    ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`,
  );
  collection.beginList();
  collection.take(object('a', '1'));
  collection.take(object('b', '2'));
  expect([...collection.completeList('2')]).to.deep.equal([]);
  return collection;
}

describe('collection', () => {
  it('says nothing of an object that is as it was', () => {
    expect(listed().take(object('a', '1'))).to.equal(undefined);
  });

  it('tells a change with what was known before', () => {
    const change = listed().take(object('a', '3'));
    expect(change).to.deep.include({ key: 'ns/a', type: 'modified', item: 'a@3', previous: 'a@1', initial: false });
  });

  it('finds what a complete list does not show', () => {
    const collection = listed();
    collection.beginList();
    collection.take(object('b', '2'));
    const gone = [...collection.completeList('9')];
    expect(gone).to.have.length(1);
    expect(gone[0]).to.deep.include({
      key: 'ns/a',
      type: 'deleted',
      previous: 'a@1',
      resourceVersion: '9',
      initial: true,
    });
    expect([...collection.items.keys()]).to.deep.equal(['ns/b']);
  });

  it('takes absence from a list that failed midway for nothing', () => {
    const collection = listed();
    collection.beginList();
    collection.take(object('c', '5'));
    collection.abandonList();
    expect([...collection.items.keys()]).to.deep.equal(['ns/a', 'ns/b', 'ns/c']);
  });

  it('sees another content under the same resourceVersion, which an etcd that was restored gives', () => {
    const other = object('a', '1');
    const change = listed().take({ ...other, metadata: { ...other.metadata, labels: { of: 'another history' } } });
    expect(change).to.deep.include({ key: 'ns/a', type: 'modified' });
  });

  it('sees that an object of the same name is another one', () => {
    expect(listed().take(object('a', '1', 'new-uid'))).to.deep.include({ type: 'modified' });
  });

  it('treats an object that is not kept as one that is not there', () => {
    const isWanted = ({ metadata: { resourceVersion = '0' } }: KubeObject) => Number(resourceVersion) % 2 === 1;
    const collection = new Collection<KubeObject, string>(({ metadata }) => metadata.name, isWanted);
    expect(collection.take(object('a', '2'))).to.equal(undefined);
    expect(collection.take(object('a', '3'))?.type).to.equal('added');
    expect(collection.take(object('a', '4'))).to.include({ type: 'deleted', previous: 'a', resourceVersion: '4' });
    expect(collection.items.size).to.equal(0);
    expect(collection.take(object('a', '5'))?.type).to.equal('added');
  });
});
