import type { Finding, Severity } from '../core/lint/finding.ts';

interface Linted {
  readonly label: string;
  readonly name: string;
  readonly findings: readonly Finding[];
}

const WIDTH = 100;
const INDENT = 9;

/** Findings for a person: one paragraph each, no line longer than 100 characters, and a count. */
export function findingsText(profiles: readonly Linted[]): string {
  return profiles.map(profileText).join('\n');
}

function profileText({ label, name, findings }: Linted): string {
  const title = label === name ? name : `${label}: ${name}`;
  if (findings.length === 0) return `${title}: nothing found\n`;
  const paragraphs = findings.map(({ rule, severity, message, fix, where }) =>
    [`${severity.padEnd(INDENT)}${rule}  ${where.field}`, ...wrapped(`${message}.`), ...wrapped(fix), ''].join('\n'),
  );
  return `${title}\n\n${paragraphs.join('\n')}\n${countsOf(findings)}; each rule is explained in docs/lint.md\n`;
}

function countsOf(findings: readonly Finding[]): string {
  const count = (severity: Severity, word: string) => {
    const number = findings.filter(each => each.severity === severity).length;
    return number ? [`${number} ${word}${number > 1 && word !== 'info' ? 's' : ''}`] : [];
  };
  return [...count('error', 'error'), ...count('warning', 'warning'), ...count('info', 'info')].join(', ');
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && INDENT + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line].map(each => ' '.repeat(INDENT) + each);
}
