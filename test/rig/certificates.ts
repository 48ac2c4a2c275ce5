/** Keys and certificates of one control plane, made by the `openssl` command (3.0 or later). */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Paths of PEM files. */
export interface KeyAndCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: KeyAndCertificate;
  readonly server: KeyAndCertificate;
  /** Of the group system:masters. */
  readonly admin: KeyAndCertificate;
  readonly controllerManager: KeyAndCertificate;
  readonly serviceAccounts: { readonly privateKey: string; readonly publicKey: string };
}

/** @throws Error when `openssl` is missing or refuses */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const ca = await certificate(directory, 'ca', ['/CN=rig-ca'], {
    basicConstraints: 'critical,CA:TRUE',
    keyUsage: 'critical,keyCertSign,cRLSign,digitalSignature',
    subjectKeyIdentifier: 'hash',
  });
  const issue = (name: string, subject: string, usage: Record<string, string>) =>
    certificate(directory, name, [subject, '-CA', ca.certificate, '-CAkey', ca.key], {
      basicConstraints: 'critical,CA:FALSE',
      keyUsage: 'critical,digitalSignature',
      ...usage,
    });
  const client = { extendedKeyUsage: 'clientAuth' };
  const [server, admin, controllerManager] = await Promise.all([
    issue('kube-apiserver', '/CN=kube-apiserver', {
      extendedKeyUsage: 'serverAuth',
      subjectAltName: 'IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc',
    }),
    issue('admin', '/O=system:masters/CN=admin', client),
    issue('kube-controller-manager', '/CN=system:kube-controller-manager', client),
  ]);
  return { ca, server, admin, controllerManager, serviceAccounts: await serviceAccountKeys(directory) };
}

async function certificate(
  directory: string,
  name: string,
  [subject, ...signer]: [string, ...string[]],
  extensions: Record<string, string>,
): Promise<KeyAndCertificate> {
  const files = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  // A configuration of our own: the system's would add extensions that contradict these.
  const config = join(directory, `${name}.cnf`);
  const lines = Object.entries(extensions).map(([key, value]) => `${key} = ${value}`);
  await writeFile(
    config,
    [
      '[req]',
      'distinguished_name = subject',
      'x509_extensions = extensions',
      '[subject]',
      '[extensions]',
      ...lines,
      '',
    ].join('\n'),
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', files.key];
  await openssl([
    'req',
    '-x509',
    '-config',
    config,
    '-days',
    '3650',
    '-subj',
    subject,
    ...signer,
    ...key,
    '-out',
    files.certificate,
  ]);
  return files;
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error(
        'the test control plane needs the `openssl` command: install it (Debian: apt-get install openssl)',
      );
    }
    throw error;
  }
}

async function serviceAccountKeys(directory: string): Promise<Certificates['serviceAccounts']> {
  const files = {
    privateKey: join(directory, 'service-accounts.key'),
    publicKey: join(directory, 'service-accounts.pub'),
  };
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeFile(files.privateKey, pair.privateKey, { mode: 0o600 });
  await writeFile(files.publicKey, pair.publicKey);
  return files;
}
