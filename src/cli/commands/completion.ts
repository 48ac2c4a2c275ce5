import { type Command, UsageError } from '../command.ts';
import { completionScript, SHELL_NAMES, type Shell } from '../completion.ts';

/** The command that completes the others. */
export function completionOf(others: readonly Command[]): Command {
  const completion: Command = {
    name: 'completion',
    operands: 'SHELL',
    least: 1,
    most: 1,
    summary: 'A script by which bash, zsh, fish or kubectl completes these commands.',
    options: {},
    examples: [
      'completion bash > /etc/bash_completion.d/kubectl-seccomp',
      'completion zsh > ~/.zfunc/_kubectl-seccomp',
      'completion kubectl > /usr/local/bin/kubectl_complete-seccomp  # and chmod +x',
      'completion fish > ~/.config/fish/completions/kubectl-seccomp.fish',
    ],
    run({ operands: [shell = ''] }) {
      if (!SHELL_NAMES.includes(shell as Shell))
        throw new UsageError(`completion ${shell}: use ${SHELL_NAMES.join(', ')}`);
      return { text: completionScript(shell as Shell, [...others, completion]), code: 0 };
    },
  };
  return completion;
}
