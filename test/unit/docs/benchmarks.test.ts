import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fillDocument } from '../../../bench/report/files.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const text = readFileSync(join(DOCS, 'benchmarks.md'), 'utf8');

describe('docs/benchmarks.md', () => {
  it('has the figures of the records beside it (npm run bench -- --document)', async () => {
    expect(await fillDocument(text, join(DOCS, 'benchmarks'))).to.equal(text);
  });

  it('shows every picture that is there, and no other', () => {
    const shown = [...text.matchAll(/\]\((benchmarks\/[\w-]+\.svg)\)/g)].map(([, path = '']) => path);
    for (const path of shown) expect(existsSync(join(DOCS, path)), path).to.equal(true);
    const there = readdirSync(join(DOCS, 'benchmarks')).filter(name => name.endsWith('.svg'));
    expect(shown.sort()).to.deep.equal(there.map(name => `benchmarks/${name}`).sort());
  });
});
