import { stringify } from 'yaml';
import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import type { Finding } from '../../core/migrate/findings.ts';
import type { ForeignObject } from '../../core/migrate/foreign-object.ts';
import { migrate as carryOver } from '../../core/migrate/migrate.ts';
import { withCluster } from '../cluster.ts';
import type { Command } from '../command.ts';
import { readObjects } from '../manifest.ts';
import { formatOf, printObjects } from '../output.ts';
import { readSpo } from '../spo.ts';

export const migrate: Command = {
  name: 'migrate',
  operands: '[FILE...]',
  least: 0,
  most: Number.POSITIVE_INFINITY,
  summary: 'Profiles of Security Profiles Operator as ours; changes nothing.',
  options: {},
  examples: [
    'migrate > profiles.yaml',
    'migrate old/*.yaml > profiles.yaml',
    'migrate | kubectl apply -f -',
    'migrate -o json',
  ],
  async run(given) {
    const format = formatOf(given);
    const { operands } = given;
    const objects = operands.length ? (operands.flatMap(readObjects) as ForeignObject[]) : await withCluster(readSpo);
    const { profiles, findings } = carryOver(objects);
    return {
      text: format === 'json' ? printObjects(listOf(profiles), format) : printDocuments(profiles),
      notes: printFindings(findings),
      code: findings.every(({ result }) => result === 'carried over') ? 0 : 1,
    };
  },
};

const printDocuments = (profiles: readonly SeccompProfile[]): string =>
  profiles.map(profile => stringify(profile, { lineWidth: 120 })).join('---\n');

const listOf = (items: readonly SeccompProfile[]) => ({ apiVersion: 'v1', kind: 'List', items });

/** Notes are for reading, so no line of them is cut: each has one of its own. */
function printFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing of Security Profiles Operator was found\n';
  const rows = [['RESULT', 'OBJECT', 'WHAT TO KNOW'], ...findings.flatMap(rowsOf)];
  const [first, second] = [0, 1].map(at => Math.max(...rows.map(row => row[at]?.length ?? 0))) as [number, number];
  return rows
    .map(([result = '', object = '', note = '']) =>
      `${result.padEnd(first)}  ${object.padEnd(second)}  ${note}`.trimEnd().concat('\n'),
    )
    .join('');
}

function rowsOf({ result, object, notes }: Finding): string[][] {
  const [note = '', ...others] = notes;
  return [[WORDS[result], object, note], ...others.map(other => ['', '', other])];
}

const WORDS = { 'carried over': 'carried over', act: 'act', 'left out': 'LEFT OUT' } as const;
