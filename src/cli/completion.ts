import type { Command, Option } from './command.ts';
import { optionsOf } from './help.ts';

/** What a shell offers for one command. */
interface Words {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly flags: readonly string[]; readonly option: Option }[];
}

const SHELLS = { bash, zsh, fish, kubectl } as const;
export type Shell = keyof typeof SHELLS;
export const SHELL_NAMES = Object.keys(SHELLS) as readonly Shell[];

/** A script for the shell, made of what the commands say of themselves. */
export const completionScript = (shell: Shell, commands: readonly Command[]): string =>
  SHELLS[shell](commands.map(wordsOf));

function wordsOf(command: Command): Words {
  const { name, summary } = command;
  return {
    name,
    summary,
    options: Object.entries(optionsOf(command)).map(([long, option]) => ({
      flags: [`--${long}`, ...(option.short ? [`-${option.short}`] : [])],
      option,
    })),
  };
}

/** The values of an option that takes one of some words: `json|yaml`. */
const choicesOf = ({ value = '' }: Option) =>
  /^[a-z].*\|/i.test(value) && !/[\][,]/.test(value) ? value.split('|') : [];

const takesFile = ({ value = '' }: Option) => value === 'FILE';

/** A program that kubectl runs, as `kubectl_complete-seccomp` on the PATH: kubernetes/kubectl, pkg/cmd/plugin. */
function kubectl(): string {
  return `#!/bin/sh\nexec kubectl seccomp ${COMPLETE} "$@"\n`;
}

/** Not for people: answers kubectl. */
export const COMPLETE = '__complete';

/** Of cobra's directives: nothing special, and "no files". */
const FILES = ':0';
const NO_FILES = ':4';

/** What may stand in place of the last word, one a line with its meaning, and cobra's directive. */
export function completions(commands: readonly Command[], words: readonly string[]): string {
  const [name, ...rest] = words;
  const answer = (found: readonly (readonly [string, string])[], directive: string) =>
    `${found
      .filter(([word]) => word.startsWith(words.at(-1) ?? ''))
      .map(([word, help]) => `${word}\t${help}\n`)
      .join('')}${directive}\n`;
  if (rest.length === 0)
    return answer(
      commands.map(each => [each.name, each.summary] as const),
      NO_FILES,
    );
  const options = commands.filter(each => each.name === name).flatMap(each => wordsOf(each).options);
  const before = options.find(({ flags }) => flags.includes(rest.at(-2) ?? ''))?.option;
  if (before?.type === 'string' && takesFile(before)) return answer([], FILES);
  if (before?.type === 'string')
    return answer(
      choicesOf(before).map(each => [each, ''] as const),
      NO_FILES,
    );
  if (!rest.at(-1)?.startsWith('-')) return answer([], FILES);
  return answer(
    options.flatMap(({ flags, option }) => flags.map(flag => [flag, option.help] as const)),
    NO_FILES,
  );
}

function bash(commands: readonly Words[]): string {
  const cases = commands.map(({ name, options }) => {
    const flags = options.flatMap(each => each.flags);
    const values = options.flatMap(({ flags: names, option }) => {
      const choices = choicesOf(option);
      if (choices.length)
        return [
          `        ${names.join('|')}) mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$word"); return ;;`,
        ];
      return option.type === 'string' && !takesFile(option) ? [`        ${names.join('|')}) return ;;`] : [];
    });
    return [
      `    ${name})`,
      '      case $before in',
      ...values,
      '      esac',
      `      [[ $word == -* ]] && mapfile -t COMPREPLY < <(compgen -W '${flags.join(' ')}' -- "$word")`,
      '      ;;',
    ].join('\n');
  });
  return `# bash completion of kubectl seccomp: source <(kubectl seccomp completion bash)
_kubectl_seccomp() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=1
  [[ \${COMP_WORDS[0]##*/} == kubectl ]] && at=2
  COMPREPLY=()
  if (( COMP_CWORD == at )); then
    mapfile -t COMPREPLY < <(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$word")
    return
  fi
  case \${COMP_WORDS[at]} in
${cases.join('\n')}
  esac
}
complete -o default -F _kubectl_seccomp kubectl-seccomp
`;
}

function zsh(commands: readonly Words[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const described = (text: string) => text.replaceAll(/[[\]:]/g, each => `\\${each}`);
  const cases = commands.map(({ name, options }) => {
    const specs = options.map(({ flags, option }) => {
      const choices = choicesOf(option);
      const action = choices.length ? `(${choices.join(' ')})` : takesFile(option) ? '_files' : ' ';
      const value = option.type === 'string' ? `:${described(option.value ?? 'value')}:${action}` : '';
      const group = flags.length > 1 ? `(${flags.join(' ')})` : '';
      return flags
        .map(flag => quoted(`${option.multiple ? '*' : group}${flag}[${described(option.help)}]${value}`))
        .join(' ');
    });
    return `    ${name}) _arguments ${[...specs, quoted('*:file or name:_files')].join(' \\\n      ')} ;;`;
  });
  return `#compdef kubectl-seccomp
# zsh completion of kubectl seccomp: source <(kubectl seccomp completion zsh)
_kubectl_seccomp() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map(({ name, summary }) => `\n      ${quoted(`${name}:${described(summary)}`)}`).join('')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _kubectl-seccomp ]]; then _kubectl_seccomp "$@"; else compdef _kubectl_seccomp kubectl-seccomp; fi
`;
}

function fish(commands: readonly Words[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c kubectl-seccomp -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map(({ flags: [long = '', short], option }) => {
      const choices = choicesOf(option);
      const value = choices.length ? ` -x -a ${quoted(choices.join(' '))}` : takesFile(option) ? ' -r -F' : ' -x';
      const names = `-l ${long.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}`;
      return `complete -c kubectl-seccomp -n ${quoted(`__fish_seen_subcommand_from ${name}`)} ${names}${option.type === 'string' ? value : ''} -d ${quoted(option.help)}`;
    }),
  ]);
  return `# fish completion of kubectl seccomp: kubectl seccomp completion fish | source\n${lines.join('\n')}\n`;
}
