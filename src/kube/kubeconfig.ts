import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Credentials, TlsSettings } from './credentials.ts';
import { tokenFile } from './in-cluster.ts';

interface KubeconfigFile {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  clusters?: { name: string; cluster: Record<string, string | boolean> }[];
  users?: { name: string; user: Record<string, unknown> }[];
}

/**
 * The current context of a kubeconfig file, as far as an agent needs it: a token, a token file or a client certificate.
 * The operator and the command line take all that client-node takes.
 */
export async function kubeconfigCredentials(path: string): Promise<Credentials> {
  const config = await parse(path);
  const current = config['current-context'];
  const context = config.contexts?.find(({ name }) => name === current)?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user ?? {};
  if (!cluster?.['server'])
    throw new Error(`${path}: the current context "${current ?? ''}" names no cluster with a server`);
  if (user['exec'] || user['auth-provider']) {
    throw new Error(`${path}: the agent takes a token or a client certificate, not exec or auth-provider`);
  }
  const bytes = (from: Record<string, unknown>, key: string) => readData(from, key, dirname(path));
  return {
    server: new URL(String(cluster['server'])),
    tls: () =>
      withoutUndefined({
        ca: bytes(cluster, 'certificate-authority'),
        cert: bytes(user, 'client-certificate'),
        key: bytes(user, 'client-key'),
        servername: cluster['tls-server-name'] as string | undefined,
        rejectUnauthorized: cluster['insecure-skip-tls-verify'] === true ? false : undefined,
      }),
    authorization: authorization(user, dirname(path)),
  };
}

async function parse(path: string): Promise<KubeconfigFile> {
  const text = readFileSync(path, 'utf8');
  if (text.trimStart().startsWith('{')) return JSON.parse(text) as KubeconfigFile;
  // Loaded only here: in a cluster the agent runs without it.
  const { parse: parseYaml } = await import('yaml');
  return parseYaml(text) as KubeconfigFile;
}

function authorization(user: Record<string, unknown>, directory: string): () => Promise<string | undefined> {
  if (typeof user['tokenFile'] === 'string') return tokenFile(resolve(directory, user['tokenFile']));
  const token = user['token'];
  return async () => (typeof token === 'string' ? `Bearer ${token}` : undefined);
}

function readData(from: Record<string, unknown>, key: string, directory: string): Buffer | undefined {
  const data = from[`${key}-data`];
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  const file = from[key];
  return typeof file === 'string' ? readFileSync(resolve(directory, file)) : undefined;
}

function withoutUndefined(settings: { [K in keyof TlsSettings]: TlsSettings[K] | undefined }): TlsSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
