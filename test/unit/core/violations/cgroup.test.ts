import { expect } from 'chai';
import { containerOf, rootOf } from '../../../../src/core/violations/cgroup.ts';

const ID = '339bb32e778c77fcfdf986785997959e4519dfdca5b9100d06aa00685145ce85';
const UID = '43a7b130-2354-4564-9628-554d82403c6f';
const SLICE_UID = UID.replaceAll('-', '_');
const STATIC_UID = '36b6d6be73b1065af369b3985edafa09';

/** As seen on real nodes; what is not from a node of ours says where it was shown. */
const CONTAINERS: [string, string, string][] = [
  ['containerd, cgroupfs, Guaranteed', `0::/kubepods/pod${UID}/${ID}`, UID],
  ['containerd, cgroupfs, Burstable', `0::/kubepods/burstable/pod${UID}/${ID}`, UID],
  ['containerd, cgroupfs, BestEffort', `0::/kubepods/besteffort/pod${UID}/${ID}`, UID],
  // github.com/tkestack/vcuda-controller/issues/19
  [
    'containerd, systemd, Guaranteed',
    `12:hugetlb:/kubepods.slice/kubepods-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  // github.com/kubernetes/kubernetes/pull/106515
  [
    'containerd, systemd, Burstable',
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  // github.com/cryptnono/cryptnono/issues/47
  [
    'containerd, systemd, BestEffort',
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  // github.com/kubernetes/kubernetes/pull/106515
  [
    'containerd with cgroupfs beside a kubelet with systemd; a static Pod',
    `1:name=systemd:/system.slice/containerd.service/kubepods-burstable-pod${STATIC_UID}.slice:cri-containerd:${ID}`,
    STATIC_UID,
  ],
  [
    'the same, with the slice at the top',
    `12:cpu,cpuacct:/kubepods-besteffort-pod${SLICE_UID}.slice:cri-containerd:${ID}`,
    UID,
  ],
  // github.com/iovisor/kubectl-trace/issues/174
  [
    'CRI-O, systemd',
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE_UID}.slice/crio-${ID}.scope`,
    UID,
  ],
  // crun(1), run.oci.systemd.subgroup: "container" is crun's default on cgroup v2
  [
    'CRI-O and crun, systemd, with a group of its own below',
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/crio-${ID}.scope/container`,
    UID,
  ],
  ['CRI-O, cgroupfs', `0::/kubepods/burstable/pod${UID}/crio-${ID}`, UID],
  ['docker, cgroupfs', `4:memory:/kubepods/burstable/pod${UID}/${ID}`, UID],
  // github.com/kinvolk/traceloop/pull/34
  [
    'docker, systemd',
    `1:name=systemd:/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/docker-${ID}.scope`,
    UID,
  ],
  // github.com/hubblo-org/scaphandre/pull/327
  [
    'cgroup v2, seen from a cgroup namespace of the reader',
    `0::/../../../kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  ['the same with cgroupfs and the same QoS class', `0::/../../pod${UID}/${ID}`, UID],
  // kind gives its kubelets --cgroup-root=/kubelet
  [
    'kind, systemd',
    `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  ['kind, cgroup v1, seen from its host', `4:memory:/docker/${'a'.repeat(64)}/kubelet/kubepods/pod${UID}/${ID}`, UID],
  [
    'k3s without root',
    `0::/user.slice/user-1000.slice/user@1000.service/k3s-rootless.scope/k3s/kubepods/besteffort/pod${UID}/${ID}`,
    UID,
  ],
  [
    'systemd inside the container',
    `0::/kubepods.slice/kubepods-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope/system.slice/nginx.service`,
    UID,
  ],
  ['a node inside of a container: the outer Pod', `0::/kubepods/pod${UID}/${ID}/kubepods/pod${STATIC_UID}/${ID}`, UID],
];

const OTHERS: [string, string][] = [
  ['a service of the host', '0::/system.slice/containerd.service'],
  ['the root', '0::/'],
  ["the reader's own Pod, seen from its cgroup namespace", `0::/../cri-containerd-${ID}.scope`],
  ["a Pod's own level", `0::/kubepods/burstable/pod${UID}`],
  [
    "CRI-O's monitor",
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SLICE_UID}.slice/crio-conmon-${ID}.scope`,
  ],
  ['a container of docker that is in no Pod', `0::/system.slice/docker-${ID}.scope`],
  ['something that is longer than an id', `0::/kubepods/pod${UID}/${ID}0`],
  ['no text', ''],
];

describe('the container of a process, from its cgroup', () => {
  for (const [what, line, podUid] of CONTAINERS) {
    it(`is found: ${what}`, () => {
      expect(containerOf(`${line}\n`)).to.deep.equal({ podUid, containerId: ID });
    });
  }

  for (const [what, line] of OTHERS) {
    it(`is none: ${what}`, () => {
      expect(containerOf(`${line}\n`)).to.equal(undefined);
    });
  }

  it('is found whatever hierarchy has it, as on a node with both versions', () => {
    const text = `0::/\n9:name=systemd:/\n4:memory:/kubepods/besteffort/pod${UID}/${ID}\n1:cpu:/\n`;
    expect(containerOf(text)).to.deep.equal({ podUid: UID, containerId: ID });
  });
});

describe('what is above the Pods of this node', () => {
  const roots: [string, string, string][] = [
    ['a usual node', `0::/kubepods/besteffort/pod${UID}/${ID}`, ''],
    ['a node of several on one kernel', `4:memory:/rig/node1/kubepods/besteffort/pod${UID}/${ID}`, '/rig/node1'],
    [
      'a usual node with systemd',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
      '',
    ],
    [
      'kind',
      `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${SLICE_UID}.slice/cri-containerd-${ID}.scope`,
      '/kubelet.slice',
    ],
    ['a cgroup namespace of its own', '0::/', ''],
    [
      'a node inside of a container',
      `0::/kubepods/pod${UID}/${ID}/kubepods/pod${UID}/${ID}`,
      `/kubepods/pod${UID}/${ID}`,
    ],
  ];
  for (const [what, line, root] of roots) {
    it(`${what}: ${JSON.stringify(root)}`, () => {
      expect(rootOf(`${line}\n`)).to.equal(root);
    });
  }

  it('keeps other nodes’ containers apart', () => {
    const line = (node: string) => `4:memory:/rig/${node}/kubepods/besteffort/pod${UID}/${ID}\n`;
    expect(containerOf(line('node1'), rootOf(line('node1')))).to.deep.equal({ podUid: UID, containerId: ID });
    expect(containerOf(line('node2'), rootOf(line('node1')))).to.equal(undefined);
  });
});
