import { Document, isMap, isSeq } from 'yaml';
import type { SeccompProfile, SeccompProfileSpec } from '../core/api/seccomp-profile.ts';
import { API_VERSION, PROFILE_KIND } from '../core/names.ts';

/** What a person is to read in a profile that was made for them. */
export interface Remarks {
  /** Lines at the top of the file. */
  readonly head?: readonly string[];
  /** Above each rule, by its place. */
  readonly rules?: readonly (string | undefined)[];
}

export const profileOf = (name: string, spec: SeccompProfileSpec): SeccompProfile =>
  ({ apiVersion: API_VERSION, kind: PROFILE_KIND, metadata: { name }, spec }) as SeccompProfile;

/** A profile as a file to be kept: one name a line, so that a change of one shows as one. */
export function printProfile(profile: SeccompProfile, remarks: Remarks = {}): string {
  const document = new Document(profile, { aliasDuplicateObjects: false });
  if (remarks.head?.length) document.commentBefore = comment(remarks.head.join('\n'));
  const rules = document.getIn(['spec', 'syscalls']);
  for (const [at, text] of (remarks.rules ?? []).entries()) {
    const rule = isSeq(rules) ? rules.items[at] : undefined;
    if (text && isMap(rule)) rule.commentBefore = comment(text);
  }
  for (const rule of isSeq(rules) ? rules.items : []) {
    const args = isMap(rule) ? rule.get('args') : undefined;
    for (const arg of isSeq(args) ? args.items : []) if (isMap(arg)) arg.flow = true;
  }
  for (const list of ['architectures', 'flags']) {
    const node = document.getIn(['spec', list]);
    if (isSeq(node)) node.flow = true;
  }
  return document.toString({ lineWidth: 120 });
}

const comment = (text: string) =>
  text
    .split('\n')
    .flatMap(wrap)
    .map(line => ` ${line}`)
    .join('\n');

const WIDTH = 96;

function wrap(line: string): string[] {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
