import type { BarChart } from '../result.ts';
import { figureOf, spreadOf } from '../statistics.ts';
import { cellText } from '../table.ts';
import { scaleOf, tickText } from './scale.ts';
import { element, line, picture, text, widthOf } from './svg.ts';

const WIDTH = 760;
const TOP = 44;
const BOTTOM = 46;
const ROW = 26;
const BAR = 14;

/** Horizontal bars from the axis to the median, with a line from the least to the most. */
export function barPlot(title: string, { x, bars }: BarChart): string {
  const labelWidth = Math.max(...bars.map(({ label }) => widthOf(label))) + 24;
  const height = TOP + bars.length * ROW + BOTTOM;
  const values = bars.flatMap(({ value }) => (typeof value === 'object' ? [...value] : [figureOf(value) ?? 0]));
  const figureWidth = Math.max(...bars.map(({ value }) => widthOf(cellText(value)))) + 14;
  const scale = scaleOf(x.scale, values, labelWidth, WIDTH - figureWidth);
  const bottom = height - BOTTOM;
  const grid = scale.ticks.flatMap(tick => [
    line(scale.at(tick), TOP - 6, scale.at(tick), bottom, 'grid'),
    text(scale.at(tick), bottom + 16, tickText(tick), { 'text-anchor': 'middle' }),
  ]);
  const rows = bars.flatMap(({ label, value, isReference }, at) => {
    const y = TOP + at * ROW;
    const { median, least, most } = spreadOf(typeof value === 'object' ? value : [figureOf(value) ?? 0]);
    const [from, to] = [scale.at(scale.ticks[0] ?? 0), scale.at(median)];
    const end = Math.max(to, scale.at(most));
    return [
      text(labelWidth - 8, y + 12, label, { 'text-anchor': 'end' }),
      element('rect', { x: from, y, width: to - from, height: BAR, class: isReference ? 'c5' : 'c0' }),
      most > least ? line(scale.at(least), y + BAR / 2, scale.at(most), y + BAR / 2, 'spread') : '',
      text(end + 6, y + 12, cellText(value)),
    ];
  });
  const axis = line(labelWidth, TOP - 6, labelWidth, bottom, 'axis');
  const label = text((labelWidth + WIDTH) / 2, height - 10, x.label, { 'text-anchor': 'middle' });
  return picture(WIDTH, height, title, [text(16, 24, title, { class: 'title' }), ...grid, axis, ...rows, label]);
}
