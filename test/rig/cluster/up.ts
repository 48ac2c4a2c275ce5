import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kubernetesVersion } from '../binaries.ts';
import { locked } from '../cache.ts';
import { until } from '../until.ts';
import { ask, NotRunning, type UpRequest } from './control.ts';
import { checkMachine } from './machine.ts';
import { controlPath } from './remains.ts';

const USAGE = `npm run cluster:up -- [options]
  --nodes N             real nodes, 1 to 14 (default 1); more or fewer of a running cluster join or leave
  --kubernetes VERSION  minor version, such as v1.37 (see test/rig/kube)
  --load IMAGE.tar      image archive (OCI or Docker) to put into every node; may be repeated
  --kubelet-root DIR    the kubelets' --root-dir (default /var/lib/kubelet)
  --runtime NAME        of nodes that join: containerd (default) or cri-o
  --machine-network     Pods with hostNetwork share the machine's network: audit records of the kernel reach them there
  --name NAME           default dev
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { name, request } = readArguments();
  await kubernetesVersion(request.kubernetes);
  await checkMachine(progress);
  const answer = await askOrStart(name, request);
  if (!answer) throw new Error('no answer');
  process.stdout.write(`cluster ${name} is up: ${answer.nodes.join(', ') || 'no nodes'}
  export KUBECONFIG=${answer.kubeconfig}
  export PATH=${answer.programs}:$PATH
end it with: npm run cluster:down${name === 'dev' ? '' : ` -- --name ${name}`}
`);
}

function readArguments(): { name: string; request: UpRequest } {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string', default: '1' },
      kubernetes: { type: 'string' },
      load: { type: 'string', multiple: true, default: [] },
      'kubelet-root': { type: 'string' },
      runtime: { type: 'string' },
      'machine-network': { type: 'boolean', default: false },
      name: { type: 'string', default: 'dev' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const nodes = Number(values.nodes);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 14) throw new Error(`--nodes ${values.nodes}: give 1 to 14`);
  if (!/^[a-z0-9-]{1,30}$/.test(values.name)) throw new Error(`--name ${values.name}: give letters, digits and dashes`);
  const images = values.load.map(file => resolve(file));
  for (const image of images) if (!existsSync(image)) throw new Error(`--load ${image}: there is no such file`);
  const { kubernetes, 'kubelet-root': kubeletRoot, runtime, 'machine-network': isMachine } = values;
  if (runtime !== undefined && runtime !== 'containerd' && runtime !== 'cri-o')
    throw new Error(`--runtime ${runtime}: give containerd or cri-o`);
  return {
    name: values.name,
    request: {
      nodes,
      images,
      ...(kubernetes && { kubernetes }),
      ...(kubeletRoot && { kubeletRoot }),
      ...(runtime && { runtime }),
      ...(isMachine && { hostNetwork: 'machine' }),
    },
  };
}

/** The cluster may run already: then it is only changed. */
async function askOrStart(name: string, request: UpRequest) {
  try {
    return await ask(name, request, progress);
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
  }
  await locked(controlPath(name), progress, () => startKeeper(name));
  return ask(name, request, progress);
}

async function startKeeper(name: string): Promise<void> {
  const directory = dirname(controlPath(name));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(controlPath(name), { force: true });
  const log = openSync(join(directory, `${name}.log`), 'w');
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts'), name], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  keeper.unref();
  await until('the process that keeps the cluster', () => existsSync(controlPath(name)));
}

function progress(line: string): void {
  process.stdout.write(`  ${line}\n`);
}
