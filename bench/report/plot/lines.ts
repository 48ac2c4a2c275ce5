import type { LineChart, Series } from '../result.ts';
import { figureOf, spreadOf } from '../statistics.ts';
import { type Scale, scaleOf, tickText } from './scale.ts';
import { COLOURS, element, line, picture, text, widthOf } from './svg.ts';

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 74;
const TOP = 44;
const BOTTOM = 54;
/** Names of curves closer than this would cover each other. */
const NAME_HEIGHT = 16;

/** A curve through the medians for each series, its name at its end, with lines from the least to the most. */
export function linePlot(title: string, { x, y, series }: LineChart): string {
  const right = WIDTH - Math.max(...series.map(({ name }) => widthOf(name))) - 28;
  const points = series.flatMap(each => each.points);
  const heights = points.flatMap(({ y: value }) => (typeof value === 'object' ? [...value] : [figureOf(value) ?? 0]));
  const across = scaleOf(
    x.scale,
    points.map(point => point.x),
    LEFT,
    right,
  );
  const up = scaleOf(y.scale, heights, HEIGHT - BOTTOM, TOP);
  const nameAt = placeNames(series, up);
  return picture(WIDTH, HEIGHT, title, [
    text(16, 24, title, { class: 'title' }),
    ...grid(across, up, right),
    text((LEFT + right) / 2, HEIGHT - 12, x.label, { 'text-anchor': 'middle' }),
    text(0, 0, y.label, {
      'text-anchor': 'middle',
      transform: `translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`,
    }),
    ...series.flatMap((each, at) => curve(each, `c${at % COLOURS}`, across, up)),
    ...series.map(({ name }, at) => text(right + 14, nameAt[at] ?? TOP, name, { class: `name c${at % COLOURS}` })),
  ]);
}

function grid(across: Scale, up: Scale, right: number): string[] {
  const bottom = HEIGHT - BOTTOM;
  return [
    ...up.ticks.flatMap(tick => [
      line(LEFT, up.at(tick), right, up.at(tick), 'grid'),
      text(LEFT - 8, up.at(tick) + 4, tickText(tick), { 'text-anchor': 'end' }),
    ]),
    ...across.ticks.map(tick => text(across.at(tick), bottom + 18, tickText(tick), { 'text-anchor': 'middle' })),
    ...across.ticks.map(tick => line(across.at(tick), bottom, across.at(tick), bottom + 5, 'axis')),
    line(LEFT, bottom, right, bottom, 'axis'),
    line(LEFT, TOP, LEFT, bottom, 'axis'),
  ];
}

function curve({ points, isReference }: Series, colour: string, across: Scale, up: Scale): string[] {
  const places = points.map(({ x, y }) => ({ x: across.at(x), y: up.at(figureOf(y) ?? 0), cell: y }));
  const path = places.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join(' ');
  const isMany = places.length > 12;
  return [
    element('path', { d: path, class: `curve ${colour}${isReference ? ' reference' : ''}` }),
    ...places.flatMap(({ x, y, cell }) => {
      if (isMany) return [];
      const { least, most } = spreadOf(typeof cell === 'object' ? cell : [figureOf(cell) ?? 0]);
      const spread = most > least ? [line(x, up.at(least), x, up.at(most), 'spread')] : [];
      return [...spread, element('circle', { cx: x, cy: y, r: 3.5, class: colour })];
    }),
  ];
}

/** Beside the last point of each, moved apart where they would cover each other. */
function placeNames(series: readonly Series[], up: Scale): number[] {
  const wanted = series.map(({ points }, at) => ({ at, y: up.at(figureOf(points.at(-1)?.y ?? 0) ?? 0) + 4 }));
  const places: number[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  for (const { at, y } of wanted.toSorted((a, b) => b.y - a.y)) {
    lowest = Math.min(y, lowest - NAME_HEIGHT);
    places[at] = lowest;
  }
  const above = Math.max(0, TOP - Math.min(...places));
  return places.map(y => y + above);
}
