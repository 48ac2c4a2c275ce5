import { expect } from 'chai';
import fc from 'fast-check';
import { plot } from '../../../bench/report/plot/plot.ts';
import { scaleOf, tickText } from '../../../bench/report/plot/scale.ts';
import type { Chart } from '../../../bench/report/result.ts';

describe('the scale of an axis', () => {
  it('goes from zero in round steps to where the largest value fits', () => {
    const scale = scaleOf('linear', [3, 87], 0, 100);
    expect(scale.ticks).to.deep.equal([0, 20, 40, 60, 80, 100]);
    expect([0, 50, 100].map(scale.at)).to.deep.equal([0, 50, 100]);
  });

  it('goes by powers of ten where it is logarithmic, and zero stays at its beginning', () => {
    const scale = scaleOf('log', [0, 2, 1000], 300, 0);
    expect(scale.ticks).to.deep.equal([1, 10, 100, 1000]);
    expect([0, 1, 10, 1000].map(scale.at)).to.deep.equal([300, 300, 200, 0]);
  });

  it('holds every value, and says its ticks in short', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 1e8, noNaN: true }), { minLength: 1 }), values => {
        for (const kind of ['linear', 'log'] as const) {
          const scale = scaleOf(kind, values, 0, 100);
          for (const value of values) expect(scale.at(value)).to.be.within(-0.001, 100.001);
          for (const tick of scale.ticks) expect(tickText(tick)).to.have.length.below(14);
        }
      }),
    ));
});

describe('a plot', () => {
  const axis = (label: string, scale: 'linear' | 'log' = 'log') => ({ label, scale });
  const lines: Chart = {
    kind: 'lines',
    x: axis('nodes'),
    y: axis('ms'),
    series: [
      {
        name: 'Ready <2>',
        points: [
          { x: 1, y: [20, 10, 30] },
          { x: 1000, y: 4000 },
        ],
      },
      {
        name: 'floor',
        isReference: true,
        points: [
          { x: 1, y: 5 },
          { x: 1000, y: 3900 },
        ],
      },
    ],
  };
  const bars: Chart = { kind: 'bars', x: axis('MiB', 'linear'), bars: [{ label: 'agent', value: [17, 16, 18] }] };

  it('names its axes with their units, its curves, and escapes what is text', () => {
    const svg = plot('Fan-out', lines);
    for (const label of ['>nodes<', '>ms<', '>Fan-out<', '>floor<', 'Ready &lt;2&gt;', '>1,000<'])
      expect(svg).to.include(label);
  });

  it('keeps the names of curves that end close together apart', () => {
    const places = [...plot('', lines).matchAll(/<text x="[\d.]+" y="([\d.]+)" class="name c\d"/g)].map(([, y]) =>
      Number(y),
    );
    expect(Math.abs((places[0] as number) - (places[1] as number))).to.be.at.least(16);
  });

  it('shows a bar with its figure, and between what the runs lay', () => {
    const svg = plot('Memory', bars);
    expect(svg).to.include('>17 (16-18)<').and.to.include('class="spread"').and.to.include('>MiB<');
  });

  it('has colours of its own for dark pages', () => {
    for (const chart of [lines, bars]) expect(plot('', chart)).to.include('prefers-color-scheme: dark');
  });
});
