import { renderProfile } from '../../src/core/profile/render.ts';
import { barsOf, type Row } from '../report/result.ts';
import { profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

/** The pure part alone: rendering for one architecture. */
export const render = suite(
  'profiles rendered a second',
  { profiles: 1000, runs: 10 },
  { profiles: 50, runs: 2 },
  async ({ profiles: count, runs }) => {
    const all = await profiles(count);
    const once = () => {
      const from = performance.now();
      for (const { spec } of all) renderProfile(spec, 'amd64');
      return (count / (performance.now() - from)) * 1000;
    };
    const rows: Row[] = [
      ['the first time', once()],
      ['compiled', Array.from({ length: runs }, once)],
    ];
    return {
      title: `Render: ${count} profiles of ordinary size`,
      columns: ['', 'profiles a second'],
      rows,
      notes: ['The operator runs without a compiler (--jitless), which is nearer to the first row.'],
      chart: barsOf(rows, 1, { label: 'profiles a second', scale: 'linear' }),
    };
  },
);
