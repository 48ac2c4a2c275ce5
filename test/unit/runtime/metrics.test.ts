import { expect } from 'chai';
import { Metrics } from '../../../src/runtime/metrics.ts';

/** The lines that Prometheus takes values from. */
const samples = (metrics: Metrics) =>
  metrics
    .render()
    .split('\n')
    .filter(line => line && !line.startsWith('#'));

describe('metrics', () => {
  it('are rendered as Prometheus reads them', () => {
    const metrics = new Metrics();
    metrics.counter('writes_total', 'Files written.').add();
    metrics.gauge('profiles', 'Profiles on disk.', () => 3);
    expect(metrics.render()).to.equal(
      '# HELP writes_total Files written.\n# TYPE writes_total counter\nwrites_total 1\n' +
        '# HELP profiles Profiles on disk.\n# TYPE profiles gauge\nprofiles 3\n',
    );
  });

  it('show a counter before it counts, so that its first step is seen', () => {
    const metrics = new Metrics();
    metrics.counter('writes_total', 'Files written.');
    expect(samples(metrics)).to.deep.equal(['writes_total 0']);
  });

  it('count for each set of labels', () => {
    const metrics = new Metrics();
    const writes = metrics.counter('writes_total', 'Files written.');
    writes.add(1, { result: 'ok' });
    writes.add(2, { result: 'ok' });
    writes.add(1, { result: 'failed' });
    expect(samples(metrics)).to.deep.equal(['writes_total{result="ok"} 3', 'writes_total{result="failed"} 1']);
  });

  it('read a gauge when they are asked for it', () => {
    const metrics = new Metrics();
    let value = 1;
    metrics.gauge('profiles', 'Profiles on disk.', () => value);
    value = 2;
    expect(samples(metrics)).to.deep.equal(['profiles 2']);
  });

  it('show no series of a gauge that has none', () => {
    const metrics = new Metrics();
    metrics.gauge('nodes', 'Nodes.', () => []);
    expect(samples(metrics)).to.deep.equal([]);
  });

  it('escape what would end a label’s value', () => {
    const metrics = new Metrics();
    metrics.gauge('nodes', 'Nodes.', () => [[{ a: 'b"\\\n', c: 'd' }, 1]]);
    expect(samples(metrics)).to.deep.equal(['nodes{a="b\\"\\\\\\n",c="d"} 1']);
  });
});
