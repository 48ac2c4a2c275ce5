import { scaleOf, tickText } from '../report/plot/scale.ts';
import { COLOURS, element, line, picture, text, widthOf } from '../report/plot/svg.ts';
import type { Series } from './prometheus.ts';

/** The part of a Grafana dashboard that is drawn. */
export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
}

interface Panel {
  readonly title: string;
  readonly type: 'stat' | 'timeseries' | 'table';
  /** In Grafana's grid of 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

/** What Prometheus answered, by expression, between two times in seconds. */
export interface Seen {
  readonly from: number;
  readonly to: number;
  readonly series: ReadonlyMap<string, readonly Series[]>;
}

const COLUMN = 46;
const ROW = 30;
const GAP = 8;
const HEAD = 36;
const LINE = 17;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The dashboard as Grafana lays it out, as one picture. */
export function drawDashboard({ title, panels }: Dashboard, seen: Seen): string {
  const bottom = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  const content = panels.flatMap(panel => {
    const { x, y, w, h } = panel.gridPos;
    const box = { x: x * COLUMN + GAP, y: HEAD + y * ROW, width: w * COLUMN - GAP, height: h * ROW - GAP };
    return [
      element('rect', { ...box, rx: 4, class: 'grid', fill: 'none' }),
      text(box.x + 10, box.y + 20, panel.title, { class: 'title' }),
      ...DRAW[panel.type](box, panel, seen),
    ];
  });
  const head = text(GAP + 4, 24, title, { class: 'title' });
  return picture(24 * COLUMN + GAP, HEAD + bottom * ROW, title, [head, ...content]);
}

const DRAW: Readonly<Record<Panel['type'], (box: Box, panel: Panel, seen: Seen) => string[]>> = {
  stat({ x, y, width, height }, { targets }, { series }) {
    const value = series.get(targets[0]?.expr ?? '')?.[0]?.samples.at(-1)?.[1];
    const place = { 'text-anchor': 'middle', style: 'font-size: 34px' };
    return [text(x + width / 2, y + height / 2 + 24, value === undefined ? 'no data' : tickText(value), place)];
  },

  table({ x, y, width, height }, { targets }, { series }) {
    const rows = series.get(targets[0]?.expr ?? '') ?? [];
    const names = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))];
    const cells = [
      [...names, 'value'],
      ...rows.map(({ labels, samples }) => [
        ...names.map(name => labels[name] ?? ''),
        tickText(samples.at(-1)?.[1] ?? 0),
      ]),
    ].slice(0, Math.floor((height - 40) / LINE));
    const widths = cells[0]?.map((_, at) => Math.max(...cells.map(row => widthOf(row[at] ?? '')))) ?? [];
    const room = Math.max(0, width - 20 - widths.reduce((sum, each) => sum + each, 0)) / Math.max(1, widths.length - 1);
    const left = widths.map(
      (_, at) => x + 10 + widths.slice(0, at).reduce((sum, each) => sum + each + Math.min(room, 24), 0),
    );
    return cells.flatMap((row, at) =>
      row.map((cell, column) =>
        text(left[column] ?? x, y + 44 + at * LINE, cell, at === 0 ? { style: 'font-weight: 600' } : {}),
      ),
    );
  },

  timeseries({ x, y, width, height }, { targets }, seen) {
    const curves = targets.flatMap(({ expr, legendFormat = '' }) =>
      (seen.series.get(expr) ?? []).map(({ labels, samples }) => ({ name: legend(legendFormat, labels), samples })),
    );
    const legendRows = legendLines(
      curves.map(({ name }) => name),
      width - 20,
    );
    const [left, right] = [x + 44, x + width - 14];
    const [top, bottom] = [y + 36, y + height - 26 - legendRows.length * LINE];
    const up = scaleOf(
      'linear',
      curves.flatMap(({ samples }) => samples.map(([, value]) => value)),
      bottom,
      top,
    );
    const at = (seconds: number) => left + ((seconds - seen.from) / (seen.to - seen.from)) * (right - left);
    const minutes = Array.from({ length: Math.floor((seen.to - seen.from) / 60) + 1 }, (_, minute) => minute);
    return [
      ...up.ticks.flatMap(tick => [
        line(left, up.at(tick), right, up.at(tick), 'grid'),
        text(left - 6, up.at(tick) + 4, tickText(tick), { 'text-anchor': 'end' }),
      ]),
      ...minutes.map(minute =>
        text(at(seen.from + minute * 60), bottom + 16, `${minute} min`, { 'text-anchor': 'middle' }),
      ),
      ...curves.map(({ samples }, index) =>
        element('path', { d: path(samples, at, up.at), class: `curve c${index % COLOURS}` }),
      ),
      ...legendRows.flatMap((names, row) =>
        names.map(({ name, index, offset }) =>
          text(x + 10 + offset, bottom + 18 + (row + 1) * LINE, `— ${name}`, {
            class: `c${index % COLOURS}`,
            stroke: 'none',
          }),
        ),
      ),
    ];
  },
};

/** Grafana's `{{label}}`. */
const legend = (format: string, labels: Series['labels']) =>
  format.replace(/\{\{(\w+)\}\}/g, (_, name: string) => labels[name] ?? '');

interface Placed {
  readonly name: string;
  readonly index: number;
  readonly offset: number;
}

function legendLines(names: readonly string[], width: number): Placed[][] {
  const rows: Placed[][] = [];
  let offset = Number.POSITIVE_INFINITY;
  for (const [index, name] of names.entries()) {
    const own = widthOf(`— ${name}`) + 14;
    if (offset + own > width) {
      rows.push([]);
      offset = 0;
    }
    rows.at(-1)?.push({ name, index, offset });
    offset += own;
  }
  return rows;
}

/** Where the series pauses, so does the curve. */
function path(samples: Series['samples'], at: (seconds: number) => number, up: (value: number) => number): string {
  return samples
    .map(([seconds, value], index) => {
      const isNew = index === 0 || seconds - (samples[index - 1]?.[0] ?? 0) > 2;
      return `${isNew ? 'M' : 'L'}${at(seconds).toFixed(1)} ${up(value).toFixed(1)}`;
    })
    .join('');
}
