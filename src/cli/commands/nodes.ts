import type { SeccompNode } from '../../core/api/seccomp-node.ts';
import { NODE_PLURAL } from '../../core/names.ts';
import { findCondition } from '../../core/status/conditions.ts';
import { list } from '../cluster.ts';
import type { Command } from '../command.ts';
import { formatOf, printObjects, printTable } from '../output.ts';

export const nodes: Command = {
  name: 'nodes',
  operands: '',
  least: 0,
  most: 0,
  summary: 'What each node reports.',
  options: {},
  examples: ['nodes', 'nodes -o json'],
  async run(given) {
    const format = formatOf(given);
    const reports = await list<SeccompNode>(NODE_PLURAL);
    return {
      text: format === 'table' ? printTable(rows(reports)) : printObjects(reports, format),
      code: reports.every(report => synced(report)?.status === 'True') ? 0 : 1,
    };
  },
};

const synced = (report: SeccompNode) => findCondition(report.status?.conditions, 'Synced');

function rows(reports: readonly SeccompNode[]): string[][] {
  const lines = reports.map(report => {
    const { status: state = 'Unknown', message = 'its agent has not reported yet' } = synced(report) ?? {};
    return [report.metadata.name, state, String(report.status?.bundle?.profiles ?? '-'), message];
  });
  return [['NODE', 'SYNCED', 'PROFILES', 'STATUS'], ...lines];
}
