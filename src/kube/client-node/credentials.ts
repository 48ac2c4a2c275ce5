import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Credentials } from '../credentials.ts';

/** client-node's credentials (exec plugins, OIDC, certificates, in-cluster) for our transport. */
export function credentialsFromKubeConfig(kubeConfig: KubeConfig): Credentials {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('no way to the API server: set KUBECONFIG, or run in a Pod with a service account');
  let options: RequestOptions = {};
  const refresh = async () => {
    options = {};
    await kubeConfig.applyToHTTPSOptions(options);
  };
  return {
    server: new URL(cluster.server),
    tls: () => ({
      ...(options.ca ? { ca: options.ca as Buffer } : {}),
      ...(options.cert ? { cert: options.cert as Buffer } : {}),
      ...(options.key ? { key: options.key as Buffer } : {}),
      ...(options.servername ? { servername: options.servername } : {}),
      ...(options.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
    }),
    authorization: async () => {
      await refresh();
      return (options.headers as Record<string, string> | undefined)?.['Authorization'];
    },
  };
}
