import { readFileSync } from 'node:fs';
import type { Credentials } from './credentials.ts';

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubelet renews a bound token well before it ends; reading it once a minute is early enough (KEP-1205). */
const REREAD_MS = 60_000;

/** The service account of the Pod this runs in. Throws when it does not run in one. */
export function inClusterCredentials(env: Readonly<Record<string, string | undefined>>): Credentials {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (!host) throw new Error('no way to the API server: set KUBECONFIG, or run in a Pod with a service account');
  const address = host.includes(':') ? `[${host}]` : host;
  return {
    server: new URL(`https://${address}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`),
    tls: () => ({ ca: readFileSync(`${DIRECTORY}/ca.crt`) }),
    authorization: tokenFile(`${DIRECTORY}/token`),
  };
}

/** Reads a token file again and again, since its content rotates. */
export function tokenFile(path: string): () => Promise<string> {
  let token = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - readAt > REREAD_MS) {
      token = `Bearer ${readFileSync(path, 'utf8').trim()}`;
      readAt = performance.now();
    }
    return token;
  };
}
