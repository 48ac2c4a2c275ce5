import { renderProfile } from '../src/core/profile/render.ts';
import { profiles } from './profiles.ts';
import { median, type Result } from './table.ts';

/** The pure part alone: rendering for one architecture. */
export async function render({ profiles: count }: { readonly profiles: number }): Promise<Result> {
  const all = await profiles(count);
  const rates: number[] = [];
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    for (const { spec } of all) renderProfile(spec, 'amd64');
    rates.push((count / (performance.now() - from)) * 1000);
  }
  return {
    title: `Render: ${count} profiles of ordinary size, five times`,
    columns: ['', 'median', 'least', 'most'],
    rows: [['profiles a second', median(rates), Math.min(...rates), Math.max(...rates)]],
    notes: [],
  };
}
