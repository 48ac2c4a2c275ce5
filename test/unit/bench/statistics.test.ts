import { expect } from 'chai';
import { median, percentile, ratios, spreadOf } from '../../../bench/report/statistics.ts';
import { cellText, markdownTable, table } from '../../../bench/report/table.ts';

describe('figures of several runs', () => {
  it('have a median that one of the runs gave, whatever their order', () => {
    expect(median([30, 10, 20])).to.equal(20);
    expect(median([40, 10, 30, 20])).to.equal(20);
    expect(median([])).to.be.NaN;
  });

  it('have percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
    expect([0, 0.5, 0.99, 1].map(share => percentile(hundred, share))).to.deep.equal([1, 50, 99, 100]);
  });

  it('lie between the least and the most', () => {
    expect(spreadOf([3, 1, 2])).to.deep.equal({ median: 2, least: 1, most: 3 });
  });

  it('are compared pair by pair', () => {
    expect(ratios([10, 30, 50], [5, 10])).to.deep.equal([2, 3]);
  });
});

describe('a table of results', () => {
  const result = {
    title: 'Fan-out',
    columns: ['nodes', 'ms', 'writes'],
    rows: [
      ['20', [72.84, 70.1, 80.6], 25],
      ['1,000', [4167.3], 1008],
    ] as const,
    notes: ['One note.'],
  };

  it('shows the median of several runs and between what they lay', () => {
    expect(cellText([72.84, 70.1, 80.6])).to.equal('72.8 (70.1-80.6)');
    expect([0.1234, 12.34, 1234.5, 7, Number.NaN].map(cellText)).to.deep.equal(['0.12', '12.3', '1,235', '7', '-']);
  });

  it('has its figures to the right, in columns', () => {
    const lines = [
      'nodes                ms  writes',
      '20     72.8 (70.1-80.6)      25',
      '1,000             4,167   1,008',
    ];
    expect(table(result)).to.equal(['Fan-out', '', ...lines, '', 'One note.'].join('\n'));
  });

  it('is a table in a document', () => {
    expect(markdownTable(result).split('\n')).to.deep.equal([
      '| nodes | ms | writes |',
      '| --- | ---: | ---: |',
      '| 20 | 72.8 (70.1-80.6) | 25 |',
      '| 1,000 | 4,167 | 1,008 |',
    ]);
  });
});
