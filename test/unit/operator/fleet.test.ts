import { expect } from 'chai';
import type { NodeInfo } from '../../../src/core/fleet/eligible.ts';
import { NO_REPORT } from '../../../src/core/fleet/node-report.ts';
import { Fleet, type ReportRef } from '../../../src/operator/fleet.ts';

const LINUX = { operatingSystem: 'linux', labels: {}, taints: [], ready: true };

function fleet(...architectures: string[]) {
  const nodes = new Map<string, NodeInfo>();
  const reports = new Map<string, ReportRef>();
  const placement = { nodeSelector: {}, tolerations: [] };
  const all = new Fleet(nodes, reports, placement);
  const join = (name: string, architecture: string, more: Partial<NodeInfo> = {}) => {
    nodes.set(name, { name, uid: `uid-${name}`, architecture, ...LINUX, ...more });
    all.nodeChanged(name);
  };
  const report = (name: string, ownerUid: string, resourceVersion: string) => {
    const said = { ...NO_REPORT, resourceVersion };
    reports.set(name, { uid: 'r', ownerUid, report: said, violations: undefined, drifted: false, tracked: false });
    all.reported(name);
  };
  for (const [at, architecture] of architectures.entries()) join(`n${at}`, architecture);
  return { all, nodes, join, report, placement };
}

describe('the nodes that should hold the profiles', () => {
  it('are those that joined and did not leave', () => {
    const { all, nodes } = fleet('amd64', 'amd64');
    nodes.delete('n0');
    all.nodeChanged('n0');
    expect([...all.members()].map(({ name }) => name)).to.deep.equal(['n1']);
    expect(all.size).to.equal(1);
  });

  it('say what their own reports say, not those of a node of that name before', () => {
    const { all, report, join } = fleet('amd64');
    report('n0', 'uid-n0', '12');
    expect(all.member('n0')?.report.resourceVersion).to.equal('12');
    join('n0', 'amd64', { uid: 'another' });
    expect(all.member('n0')?.report).to.equal(NO_REPORT);
  });

  it('are others where others are selected', () => {
    const { all, join, placement } = fleet('amd64');
    join('gpu', 'amd64', { labels: { gpu: 'yes' } });
    all.place({ ...placement, nodeSelector: { gpu: 'yes' } });
    expect([...all.members()].map(({ name }) => name)).to.deep.equal(['gpu']);
  });

  it('have the architectures and kernels that are rendered and checked for', () => {
    const { all, nodes, join } = fleet();
    expect([...all.architectures()]).to.deep.equal(['amd64']);
    join('arm', 'arm64', { kernel: '6.1.0-18-cloud' });
    expect([...all.architectures()]).to.deep.equal(['arm64']);
    expect([...all.kernels()]).to.deep.equal(['6.1']);
    nodes.clear();
    all.nodeChanged('arm');
    expect([...all.architectures()]).to.deep.equal(['amd64']);
  });
});
