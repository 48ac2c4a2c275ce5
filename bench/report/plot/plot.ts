import type { Chart } from '../result.ts';
import { barPlot } from './bars.ts';
import { linePlot } from './lines.ts';

/** A picture as SVG, which browsers and GitHub show; readable on light and on dark pages. */
export function plot(title: string, chart: Chart): string {
  return chart.kind === 'bars' ? barPlot(title, chart) : linePlot(title, chart);
}
