import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Credentials, TlsSettings } from './credentials.ts';
import { RotatedFile } from './rotated-file.ts';

type Section = Readonly<Record<string, unknown>>;

interface KubeconfigFile {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: Section }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: Section }[];
  readonly users?: readonly { readonly name: string; readonly user: Section }[];
}

/**
 * The current context of a kubeconfig file, as far as an agent needs it: a token, a token file or a client certificate.
 * The operator takes all that client-node takes.
 */
export async function kubeconfigCredentials(path: string): Promise<Credentials> {
  const config = await parse(path);
  const current = config['current-context'] ?? '';
  const context = config.contexts?.find(({ name }) => name === current)?.context ?? {};
  const cluster = config.clusters?.find(({ name }) => name === context['cluster'])?.cluster ?? {};
  const user = config.users?.find(({ name }) => name === context['user'])?.user ?? {};
  const server = text(cluster, 'server');
  if (!server) throw new Error(`${path}: the current context "${current}" names no cluster with a server`);
  if (user['exec'] || user['auth-provider']) {
    throw new Error(`${path}: exec and auth-provider are not taken here: use a token, tokenFile or client certificate`);
  }
  const tls = tlsSettings(cluster, user, dirname(path));
  const namespace = text(context, 'namespace');
  return {
    server: new URL(server),
    ...(namespace ? { namespace } : {}),
    tls: () => tls,
    ...bearer(user, dirname(path)),
  };
}

async function parse(path: string): Promise<KubeconfigFile> {
  const content = readFileSync(path, 'utf8');
  if (content.trimStart().startsWith('{')) return JSON.parse(content) as KubeconfigFile;
  // Loaded only here: 13 MB that an agent in a cluster does without.
  const { parse: parseYaml } = await import('yaml');
  return (parseYaml(content) ?? {}) as KubeconfigFile;
}

function tlsSettings(cluster: Section, user: Section, directory: string): TlsSettings {
  const ca = pem(cluster, 'certificate-authority', directory);
  const cert = pem(user, 'client-certificate', directory);
  const key = pem(user, 'client-key', directory);
  const servername = text(cluster, 'tls-server-name');
  return {
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(servername ? { servername } : {}),
    ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
  };
}

/** A token file goes before a token, as in kubectl. */
function bearer(user: Section, directory: string): Pick<Credentials, 'authorization' | 'refused'> {
  const path = text(user, 'tokenFile');
  const token = text(user, 'token');
  if (!path) return { authorization: async () => (token ? `Bearer ${token}` : undefined) };
  const file = new RotatedFile(resolve(directory, path));
  return { authorization: async () => `Bearer ${await file.text()}`, refused: () => file.refused() };
}

function pem(section: Section, key: string, directory: string): string | undefined {
  const data = text(section, `${key}-data`);
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const path = text(section, key);
  return path ? readFileSync(resolve(directory, path), 'utf8') : undefined;
}

function text(section: Section, key: string): string | undefined {
  const value = section[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
