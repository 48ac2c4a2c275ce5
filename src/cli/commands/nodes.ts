import type { SeccompNode } from '../../core/api/seccomp-node.ts';
import { NODE_PLURAL } from '../../core/names.ts';
import { findCondition } from '../../core/status/conditions.ts';
import { oneOrAll } from '../cluster.ts';
import type { Command } from '../command.ts';
import { formatOf, printObjects, printTable } from '../output.ts';

export const nodes: Command = {
  name: 'nodes',
  operands: '[NODE]',
  least: 0,
  most: 1,
  summary: 'What each node reports, and whether somebody altered files there.',
  options: {},
  examples: ['nodes', 'nodes worker-1', 'nodes -o json'],
  async run(given) {
    const format = formatOf(given);
    const [name] = given.operands;
    const reports = await oneOrAll<SeccompNode>(NODE_PLURAL, name);
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
    const drifted = findCondition(report.status?.conditions, 'Drifted');
    const isDrifted = drifted?.status === 'True';
    const said = isDrifted && state === 'True' ? drifted.message : message;
    const profiles = String(report.status?.bundle?.profiles ?? '-');
    return [report.metadata.name, state, profiles, isDrifted ? 'True' : '-', said];
  });
  return [['NODE', 'SYNCED', 'PROFILES', 'DRIFTED', 'STATUS'], ...lines];
}
