import { KubeConfig } from '@kubernetes/client-node';
import { GROUP, VERSION } from '../core/names.ts';
import { credentialsFromKubeConfig } from '../kube/client-node/credentials.ts';
import { ApiError } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import { Transport } from '../kube/transport.ts';

/** All objects of one of our kinds. */
export async function list<T>(plural: string): Promise<T[]> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural });
  return withCluster(async transport => (await transport.request<{ items: T[] }>('GET', path)).items);
}

/** One object of one of our kinds. */
export function get<T>(plural: string, name: string): Promise<T> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural, name });
  return withCluster(transport => transport.request<T>('GET', path)).catch(error => {
    // The API server speaks of the object only where it knows the kind.
    if (!(error instanceof ApiError && error.message.includes(`"${name}" not found`))) throw error;
    throw new Error(`there is no ${plural}/${name}; kubectl get ${plural} lists what there is`);
  });
}

/** The one with that name, or all where none is given. */
export const oneOrAll = async <T>(plural: string, name: string | undefined): Promise<T[]> =>
  name ? [await get<T>(plural, name)] : list<T>(plural);

/** A connection to the cluster that KUBECONFIG names, for as long as it is used. */
export async function withCluster<T>(use: (transport: Transport) => Promise<T>): Promise<T> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const transport = new Transport({ credentials: credentialsFromKubeConfig(kubeConfig), userAgent: 'kubectl-seccomp' });
  try {
    return await use(transport);
  } finally {
    transport.close();
  }
}
