import { expect } from 'chai';
import {
  isEligible,
  type NodeInfo,
  type Placement,
  type Taint,
  type Toleration,
} from '../../../../src/core/fleet/eligible.ts';

const NODE: NodeInfo = {
  name: 'n1',
  uid: 'u1',
  architecture: 'amd64',
  operatingSystem: 'linux',
  labels: { 'kubernetes.io/os': 'linux', pool: 'web' },
  taints: [],
  ready: true,
};
const placement = (nodeSelector: Placement['nodeSelector'], ...tolerations: Toleration[]): Placement => ({
  nodeSelector,
  tolerations,
});
const OURS: Taint = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };

describe('a node', () => {
  const cases: [string, Partial<NodeInfo>, Placement, boolean][] = [
    ['holds profiles where nothing speaks against it', {}, placement({}), true],
    ['holds profiles while its kubelet is not heard', { ready: false }, placement({}), true],
    ['of another system holds none', { operatingSystem: 'windows' }, placement({}), false],
    [
      'that is virtual holds none',
      { labels: { type: 'virtual-kubelet' } },
      placement({}, { operator: 'Exists' }),
      false,
    ],
    ['that the selector means holds profiles', {}, placement({ pool: 'web' }), true],
    ['with another value of the label holds none', {}, placement({ pool: 'db' }), false],
    ['without the label holds none', {}, placement({ zone: 'a' }), false],
    ['has to have all labels', {}, placement({ pool: 'web', zone: 'a' }), false],
  ];
  for (const [what, node, where, expected] of cases) {
    it(what, () => {
      expect(isEligible({ ...NODE, ...node }, where)).to.equal(expected);
    });
  }
});

describe('a taint', () => {
  const cases: [string, Taint, Toleration[], boolean][] = [
    ['keeps agents off', OURS, [], false],
    ['that evicts keeps agents off', { ...OURS, effect: 'NoExecute' }, [], false],
    ['that only prefers other Pods keeps no agent off', { ...OURS, effect: 'PreferNoSchedule' }, [], true],
    ['is tolerated by what tolerates all', OURS, [{ operator: 'Exists' }], true],
    ['is tolerated by its key', OURS, [{ key: 'dedicated', operator: 'Exists' }], true],
    ['is not tolerated by another key', OURS, [{ key: 'other', operator: 'Exists' }], false],
    ['is tolerated by key and value', OURS, [{ key: 'dedicated', operator: 'Equal', value: 'gpu' }], true],
    ['is compared by value where no operator is named', OURS, [{ key: 'dedicated', value: 'gpu' }], true],
    ['is not tolerated by another value', OURS, [{ key: 'dedicated', value: 'cpu' }], false],
    ['with a value is not tolerated by the bare key', OURS, [{ key: 'dedicated' }], false],
    ['without a value is tolerated by the bare key', { key: 'a', effect: 'NoSchedule' }, [{ key: 'a' }], true],
    ['is tolerated for its effect', OURS, [{ operator: 'Exists', effect: 'NoSchedule' }], true],
    ['is not tolerated for another effect', OURS, [{ operator: 'Exists', effect: 'NoExecute' }], false],
    ['is tolerated by one of several', OURS, [{ key: 'other' }, { operator: 'Exists' }], true],
    ['is not tolerated by an empty toleration', { key: 'a', effect: 'NoSchedule' }, [{}], false],
    [
      'is not tolerated by a number to compare with',
      { key: 'sla', value: '9', effect: 'NoSchedule' },
      [{ key: 'sla', operator: 'Gt', value: '9' }],
      false,
    ],
  ];
  for (const [what, taint, tolerations, expected] of cases) {
    it(what, () => {
      expect(isEligible({ ...NODE, taints: [taint] }, placement({}, ...tolerations))).to.equal(expected);
    });
  }

  it('keeps agents off though another one is tolerated', () => {
    const taints = [OURS, { key: 'other', effect: 'NoSchedule' }];
    expect(isEligible({ ...NODE, taints }, placement({}, { key: 'dedicated', operator: 'Exists' }))).to.equal(false);
  });

  const byKubernetes: [string, string, boolean][] = [
    ['of a node that is cordoned keeps no agent off', 'unschedulable', true],
    ['of a kubelet that is not ready keeps no agent off', 'not-ready', true],
    ['of a kubelet that is not heard keeps no agent off', 'unreachable', true],
    ['of a full disk keeps no agent off', 'disk-pressure', true],
    ['of memory that runs out keeps no agent off', 'memory-pressure', true],
    ['of too many processes keeps no agent off', 'pid-pressure', true],
    ['of a node without network keeps agents off: they have no host network', 'network-unavailable', false],
    ['of a node that is about to be removed keeps agents off', 'out-of-service', false],
  ];
  for (const [what, name, expected] of byKubernetes) {
    it(what, () => {
      const taints = [{ key: `node.kubernetes.io/${name}`, effect: 'NoSchedule' }];
      expect(isEligible({ ...NODE, taints }, placement({}))).to.equal(expected);
    });
  }
});
