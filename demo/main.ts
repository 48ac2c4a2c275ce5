import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { System } from '../test/rig/system.ts';
import { until } from '../test/rig/until.ts';
import { check, note, step } from './narrate.ts';

const NODES = ['node-a', 'node-b', 'node-c'];
const EXAMPLES = join(import.meta.dirname, '..', 'examples');
const endsByItself = process.argv.includes('--exit');

let system: System | undefined;
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130));

try {
  await show();
  if (endsByItself) await end(0);
  else await stayUp();
} catch (error) {
  if (!isStopping) {
    process.stderr.write(`\n${(error as Error).message}\n`);
    if ((error as Error).cause) process.stderr.write(`${String((error as Error).cause)}\n`);
    await end(1);
  }
}

/** What the product does, on a real control plane, with each claim checked. */
async function show(): Promise<void> {
  step('A control plane: etcd and kube-apiserver on loopback');
  system = await System.install({ progress: note });
  note(`kube-apiserver ${system.plane.server}, programs from: ${system.plane.source}`);

  step('The operator and three agents, each with its own service account’s token and its own node directory');
  await system.startOperator();
  await Promise.all(NODES.map(node => (system as System).addNode(node)));

  step('kubectl apply -f examples/seed.yaml');
  await kubectl('apply', '-f', join(EXAMPLES, 'seed.yaml'));
  await kubectl('wait', '--for=condition=Ready', 'seccompprofile/seed', '--timeout=60s');
  await seedIsOnEveryNode(system);

  step('More profiles');
  for (const file of ['log-all', 'deny-mount', 'with-base'])
    await kubectl('apply', '-f', join(EXAMPLES, `${file}.yaml`));
  await kubectl('wait', '--for=condition=Ready', 'seccompprofiles', '--all', '--timeout=60s');
  await kubectl('get', 'seccompprofiles', '-o', 'wide');
  await kubectl('get', 'seccompnodes');

  step('An edit: deny-mount refuses swapon too');
  const rule = '[{"op": "add", "path": "/spec/syscalls/0/names/-", "value": "swapon"}]';
  await kubectl('patch', 'seccompprofile', 'deny-mount', '--type=json', '-p', rule);
  await kubectl('wait', '--for=condition=Ready', 'seccompprofile/deny-mount', '--timeout=60s');
  for (const node of NODES) check((await file(node, 'deny-mount')).includes('swapon'), `${node} has the new version`);

  step('Somebody alters a file by hand on node-b');
  const before = await file('node-b', 'seed');
  await appendFile(path('node-b', 'seed'), '# altered\n');
  await until('the file is repaired', async () => (await file('node-b', 'seed')) === before);
  check(true, 'it is repaired');
  await until('the repair is reported', async () =>
    (
      await (system as System).plane.kubectl([
        'get',
        'seccompnode',
        'node-b',
        '-o',
        'jsonpath={.status.repairs.lastFile}',
      ])
    ).includes('seed.json'),
  );
  await kubectl('get', 'seccompnodes');

  step('kubectl delete seccompprofile log-all');
  await kubectl('delete', 'seccompprofile', 'log-all');
  await until('the file is gone from every node', () => NODES.every(node => !exists(node, 'log-all')));
  check(true, 'its file is gone from every node');
  await kubectl('get', 'seccompprofiles');
}

async function seedIsOnEveryNode({ nodes }: System): Promise<void> {
  const wanted = canonical(await readFile(join(EXAMPLES, 'seed-profile.json'), 'utf8'));
  for (const { name } of nodes.values()) {
    const same = canonical(await file(name, 'seed')) === wanted;
    check(same, `${path(name, 'seed')} means what examples/seed-profile.json means`);
  }
}

/** The same whatever the order of names, architectures and fields; a `valueTwo` that is not given is 0. */
function canonical(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, value) => {
    if (Array.isArray(value) && value.every(each => typeof each === 'string')) return [...value].sort();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const given = 'op' in value ? { valueTwo: 0, ...value } : value;
    return Object.fromEntries(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

async function kubectl(...args: string[]): Promise<void> {
  note(`$ kubectl ${args.join(' ').replaceAll(EXAMPLES, 'examples')}`);
  process.stdout.write(await (system as System).plane.kubectl(args));
}

function path(node: string, profile: string): string {
  return join((system as System).nodes.get(node)?.files ?? '', `${profile}.json`);
}

function file(node: string, profile: string): Promise<string> {
  return readFile(path(node, profile), 'utf8');
}

function exists(node: string, profile: string): boolean {
  return existsSync(path(node, profile));
}

async function stayUp(): Promise<void> {
  step('It stays up until Ctrl-C. In another terminal:');
  note(`export KUBECONFIG=${system?.plane.kubeconfig}`);
  note(`export PATH=${system?.plane.programs}:$PATH`);
  note('kubectl get seccomp -o wide');
  note(`ls ${system?.nodes.get('node-a')?.files}`);
  await new Promise(() => {});
}

async function end(status: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await system?.stop().catch(error => process.stderr.write(`${error}\n`));
  if (status === 0) process.stdout.write('\nEverything held.\n');
  process.exit(status);
}
