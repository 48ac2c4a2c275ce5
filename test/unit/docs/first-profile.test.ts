import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kubectlSeccomp } from '../../support/cli.ts';

const ROOT = join(import.meta.dirname, '../../..');
const GUIDE = join(ROOT, 'docs/first-profile.md');
const BLOCK = /(?<=```console\n)[\s\S]*?(?=```)/g;

/** The text with the blocks that have prompts made anew: each command, and what it prints now. */
async function carriedOut(text: string): Promise<string> {
  const blocks: string[] = [];
  for (const [block] of text.matchAll(BLOCK)) {
    let made = '';
    for (const line of block.split('\n').filter(each => each.startsWith('$ ')))
      made += `${line}\n${await outputOf(line)}`;
    blocks.push(made);
  }
  return text.replaceAll(BLOCK, () => blocks.shift() ?? '');
}

/** `kubectl seccomp ...`, perhaps into a file, or `head -N FILE`, in the present directory. */
async function outputOf(line: string): Promise<string> {
  const [, lines, shown = ''] = /^\$ head -(\d+) (\S+)$/.exec(line) ?? [];
  if (lines) return `${readFileSync(shown, 'utf8').split('\n').slice(0, Number(lines)).join('\n')}\n`;
  const [, args = '', file] = /^\$ kubectl seccomp (.*?)(?: > (\S+))?$/.exec(line) ?? [];
  const { text, notes = '' } = await kubectlSeccomp(...args.split(' '));
  if (!file) return text + notes;
  writeFileSync(file, text);
  return notes;
}

/** SECCOMP_OPERATOR_UPDATE=1 writes what the commands print now. */
describe('the guide to a first profile', () => {
  it('shows what its commands print', async () => {
    const [folder, here] = [mkdtempSync(join(tmpdir(), 'guide-')), process.cwd()];
    try {
      cpSync(join(ROOT, 'examples/first-profile'), folder, { recursive: true });
      process.chdir(folder);
      const text = readFileSync(GUIDE, 'utf8');
      const now = await carriedOut(text);
      if (process.env['SECCOMP_OPERATOR_UPDATE']) writeFileSync(GUIDE, now);
      else expect(text, 'SECCOMP_OPERATOR_UPDATE=1 npm test writes it anew').to.equal(now);
    } finally {
      process.chdir(here);
      rmSync(folder, { recursive: true });
    }
  });
});
