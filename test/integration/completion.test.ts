import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMMANDS } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completion.ts';

describe('completion in shells', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'completion-'));
    for (const shell of ['zsh', 'fish'] as const) {
      if (spawnSync(shell, ['--version']).status !== 0)
        throw new Error(`${shell} is missing: apt-get install ${shell}`);
      writeFileSync(join(folder, shell), completionScript(shell, COMMANDS));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it('of fish offers commands and values', () => {
    const asked = (line: string) =>
      execFileSync('fish', ['--no-config', '-c', `source ${join(folder, 'fish')}; complete -C '${line}'`])
        .toString()
        .trim()
        .split('\n')
        .map(each => each.split('\t')[0]);
    expect(asked('kubectl-seccomp gen')).to.deep.equal(['generate']);
    expect(asked('kubectl-seccomp generate --runtime ')).to.have.members(['any', 'runc', 'crun']);
  });

  it('of zsh is registered without a complaint', () => {
    const script = `autoload -U compinit; compinit -u -d ${join(folder, 'dump')}; source ${join(folder, 'zsh')}; print $_comps[kubectl-seccomp]`;
    expect(execFileSync('zsh', ['-f', '-c', script]).toString()).to.equal('_kubectl_seccomp\n');
  });
});
