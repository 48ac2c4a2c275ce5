import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials, TlsSettings } from './credentials.ts';
import { RotatedFile } from './rotated-file.ts';

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account of the Pod this runs in. Throws when it runs in none. */
export function inClusterCredentials(
  env: Readonly<Record<string, string | undefined>>,
  directory = DIRECTORY,
): Credentials {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (!host) throw new Error('no way to the API server: set KUBECONFIG, or run in a Pod with a service account');
  const address = host.includes(':') ? `[${host}]` : host;
  const token = new RotatedFile(join(directory, 'token'));
  const authority = new RotatedFile(join(directory, 'ca.crt'));
  let tls: TlsSettings = {};
  return {
    server: new URL(`https://${address}:${env['KUBERNETES_SERVICE_PORT'] || '443'}`),
    namespace: readFileSync(join(directory, 'namespace'), 'utf8').trim(),
    tls: () => tls,
    authorization: async () => {
      const ca = await authority.text();
      if (tls.ca !== ca) tls = { ca };
      return `Bearer ${await token.text()}`;
    },
    refused: () => {
      token.refused();
      authority.refused();
    },
  };
}
