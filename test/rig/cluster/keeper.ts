import { kubernetesVersion } from '../binaries.ts';
import { Cluster } from './cluster.ts';
import { type Handler, serve, type UpAnswer, type UpRequest } from './control.ts';

/** The process that keeps a cluster while nobody is at the terminal: `keeper.ts NAME`. */
const name = process.argv[2] ?? 'dev';
let cluster: Cluster | undefined;
let progress: (line: string) => void = () => {};

const handle: Handler = async (request, tell) => {
  progress = line => {
    console.log(line);
    tell(line);
  };
  if (request === 'down') return end();
  try {
    return await up(request);
  } catch (error) {
    console.error(error);
    if (!cluster) setImmediate(() => process.exit(1));
    throw error;
  }
};

const server = await serve(name, handle);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());

async function up({ nodes, kubernetes, kubeletRoot, runtime, hostNetwork, images }: UpRequest): Promise<UpAnswer> {
  cluster ??= await Cluster.start({
    name,
    nodes: 0,
    progress: line => progress(line),
    ...(kubernetes && { kubernetes }),
    ...(hostNetwork && { hostNetwork }),
  });
  const { plane } = cluster;
  if (kubernetes && (await kubernetesVersion(kubernetes)) !== cluster.kubernetes)
    throw new Error(`cluster ${name} runs Kubernetes ${cluster.kubernetes}: end it first (npm run cluster:down)`);
  for (const image of images) {
    progress(`loading ${image}`);
    await cluster.load(image);
  }
  const present = [...cluster.nodes.values()].sort((a, b) => a.number - b.number);
  for (const { name } of present.slice(nodes)) await cluster.removeNode(name);
  const kind = { ...(kubeletRoot && { kubeletRoot }), ...(runtime && { runtime }) };
  await cluster.addNodes(nodes - cluster.nodes.size, kind);
  return { kubeconfig: plane.kubeconfig, programs: plane.programs, nodes: [...cluster.nodes.keys()].sort() };
}

async function end(): Promise<undefined> {
  server.close();
  await cluster?.stop();
  setImmediate(() => process.exit(0));
}
