import { parse } from 'yaml';
import type { DaemonSet } from '../../core/daemonset/template.ts';
import { withCluster } from '../cluster.ts';
import { type Command, type Given, type Outcome, UsageError } from '../command.ts';
import { type Format, formatOf, printObjects } from '../output.ts';
import { type Choices, type Ending, uninstall as uninstallAll } from '../uninstall/uninstall.ts';

export const uninstall: Command = {
  name: 'uninstall',
  operands: '',
  least: 0,
  most: 0,
  summary: 'Removes every file from every node, then everything from the cluster.',
  options: {
    force: { type: 'boolean', help: 'also while Pods use profiles: their containers cannot start again' },
    'dry-run': { type: 'boolean', help: 'only say what would be done' },
    'leave-nodes': { type: 'boolean', help: 'do not wait for nodes whose kubelets are not heard' },
    'nodes-only': {
      type: 'boolean',
      help: 'leave profiles and all other objects (helm uninstall)',
    },
    image: { type: 'string', value: 'IMAGE', help: 'image of the agents, where nothing is left that says it' },
    'kubelet-root': {
      type: 'string',
      value: 'PATH',
      help: "the kubelets' --root-dir, where nothing is left that says it",
    },
    timeout: { type: 'string', value: 'SECONDS', default: '300', help: 'for all nodes together, and for the rest' },
  },
  examples: ['uninstall --dry-run', 'uninstall', 'uninstall --leave-nodes', 'uninstall --image registry/seccomp:v1'],
  async run(given) {
    const choices = choicesOf(given);
    const format = formatOf(given);
    // Only the bundle has it as text.
    const { default: text } = await import('../../../manifests/agent-daemonset.yaml');
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const template = parse(text) as DaemonSet;
    return outcomeOf(await withCluster(transport => uninstallAll({ transport, template, choices, say })), format);
  },
};

function outcomeOf(ending: Ending, format: Format): Outcome {
  const isHalted = ending.state === 'Halted';
  const code = isHalted ? 1 : 0;
  if (format !== 'table') return { text: printObjects(ending, format), code };
  return isHalted ? { text: '', notes: `${ending.message}\n`, code } : { text: `${ending.message}\n`, code };
}

function choicesOf({ options }: Given): Choices {
  const seconds = Number(options['timeout']);
  if (!Number.isFinite(seconds) || seconds < 0) throw new UsageError(`--timeout ${options['timeout']}: use seconds`);
  const root = options['kubelet-root'] as string | undefined;
  if (root !== undefined && !root.startsWith('/')) throw new UsageError(`--kubelet-root ${root}: use an absolute path`);
  return {
    force: options['force'] === true,
    dryRun: options['dry-run'] === true,
    leaveNodes: options['leave-nodes'] === true,
    nodesOnly: options['nodes-only'] === true,
    image: options['image'] as string | undefined,
    kubeletRoot: root?.replace(/\/+$/, ''),
    timeoutMs: seconds * 1_000,
  };
}
