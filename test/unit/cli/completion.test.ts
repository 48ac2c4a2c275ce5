import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { COMPLETE, completionScript, SHELL_NAMES } from '../../../src/cli/completion.ts';
import { run } from '../../../src/cli/run.ts';

const complete = async (...words: string[]) => {
  const { text } = await run(COMMANDS, [COMPLETE, ...words]);
  const lines = text.trimEnd().split('\n');
  return { words: lines.slice(0, -1).map(line => line.split('\t')[0]), directive: lines.at(-1) };
};

describe('completion', () => {
  it('in bash knows every command, its options and their values', () => {
    const asked = (words: string) =>
      execFileSync('bash', [
        '-c',
        `${completionScript('bash', COMMANDS)}
        COMP_WORDS=(${words}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _kubectl_seccomp; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ])
        .toString()
        .trim()
        .split('\n');
    expect(asked("kubectl-seccomp ''")).to.deep.equal(COMMANDS.map(({ name }) => name));
    expect(asked('kubectl seccomp gen')).to.deep.equal(['generate']);
    expect(asked('kubectl-seccomp generate --run')).to.deep.equal(['--runtime']);
    expect(asked("kubectl-seccomp generate --runtime ''")).to.deep.equal(['any', 'runc', 'crun']);
  });

  it('by kubectl has the words, and says whether files may follow', async () => {
    expect((await complete('')).words).to.deep.equal(COMMANDS.map(({ name }) => name));
    expect(await complete('imp')).to.deep.equal({ words: ['import'], directive: ':4' });
    expect(await complete('generate', '--runtime', '')).to.deep.equal({
      words: ['any', 'runc', 'crun'],
      directive: ':4',
    });
    expect(await complete('generate', '--from', '')).to.deep.equal({ words: [], directive: ':0' });
    expect(await complete('import', '--ca')).to.deep.equal({ words: ['--capabilities'], directive: ':4' });
    expect(await complete('import', 'def')).to.deep.equal({ words: [], directive: ':0' });
    expect(await complete('nothing', '--x')).to.deep.equal({ words: [], directive: ':4' });
  });

  it('has every option of every command in every script', () => {
    for (const shell of SHELL_NAMES.filter(each => each !== 'kubectl')) {
      const script = completionScript(shell, COMMANDS);
      for (const { name, options } of COMMANDS) {
        expect(script).to.include(name);
        for (const option of Object.keys(options)) expect(script, `${shell} ${name}`).to.include(option);
      }
    }
  });
});
