import { delimiter } from 'node:path';
import type { Credentials } from './credentials.ts';
import { inClusterCredentials } from './in-cluster.ts';
import { kubeconfigCredentials } from './kubeconfig.ts';

/** KUBECONFIG (its first file) if set, else the Pod's service account. */
export async function loadCredentials(env: Readonly<Record<string, string | undefined>>): Promise<Credentials> {
  const [file] = (env['KUBECONFIG'] ?? '').split(delimiter);
  return file ? kubeconfigCredentials(file) : inClusterCredentials(env);
}
