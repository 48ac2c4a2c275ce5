import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Credentials, TlsSettings } from '../credentials.ts';
import { RotatedFile } from '../rotated-file.ts';

/**
 * client-node's credentials (exec plugins, OIDC, certificates, in-cluster) for our transport. A Pod's token file we read
 * ourselves: client-node reads it again by the wall clock, which may be set back, and not when the token is refused.
 */
export function credentialsFromKubeConfig(kubeConfig: KubeConfig): Credentials {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster?.server) {
    throw new Error('no way to the API server: set KUBECONFIG, or run in a Pod with a service account');
  }
  const namespace = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace?.trim();
  let tls: TlsSettings = {};
  const path: string | undefined = kubeConfig.getCurrentUser()?.authProvider?.config?.tokenFile;
  const token = path === undefined ? undefined : new RotatedFile(path);
  return {
    server: new URL(cluster.server),
    ...(namespace ? { namespace } : {}),
    // An exec plugin may renew the client certificate together with the token.
    authorization: async () => {
      const options: RequestOptions = {};
      await kubeConfig.applyToHTTPSOptions(options);
      tls = tlsSettings(options, cluster.tlsServerName);
      return token ? `Bearer ${await token.text()}` : authorization(options);
    },
    refused: () => token?.refused(),
    tls: () => tls,
  };
}

function tlsSettings({ ca, cert, key, rejectUnauthorized }: RequestOptions, servername?: string): TlsSettings {
  return {
    ...(ca ? { ca: ca as Buffer } : {}),
    ...(cert ? { cert: cert as Buffer } : {}),
    ...(key ? { key: key as Buffer } : {}),
    ...(servername ? { servername } : {}),
    ...(rejectUnauthorized === false ? { rejectUnauthorized } : {}),
  };
}

function authorization({ headers, auth }: RequestOptions): string | undefined {
  if (auth) return `Basic ${Buffer.from(auth).toString('base64')}`;
  return (headers as Record<string, string> | undefined)?.['Authorization'];
}
