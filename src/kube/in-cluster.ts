import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import { TokenFile } from './token-file.ts';

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account of the Pod this runs in. Throws when it runs in none. */
export function inClusterCredentials(
  env: Readonly<Record<string, string | undefined>>,
  directory = DIRECTORY,
): Credentials {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (!host) throw new Error('no way to the API server: set KUBECONFIG, or run in a Pod with a service account');
  const address = host.includes(':') ? `[${host}]` : host;
  const token = new TokenFile(join(directory, 'token'));
  const tls = { ca: readFileSync(join(directory, 'ca.crt'), 'utf8') };
  return {
    server: new URL(`https://${address}:${env['KUBERNETES_SERVICE_PORT'] || '443'}`),
    namespace: readFileSync(join(directory, 'namespace'), 'utf8').trim(),
    tls: () => tls,
    authorization: () => token.authorization(),
    refused: () => token.refused(),
  };
}
