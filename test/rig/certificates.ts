import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The keys of one control plane, as files in a directory. */
export class Certificates {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(directory: string, subject = '/CN=test-ca'): Promise<Certificates> {
    const made = new Certificates(directory);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', made.key('ca')];
    const usage = [
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign,digitalSignature',
    ];
    await openssl('req', '-x509', ...key, '-out', made.certificate('ca'), '-days', '30', '-subj', subject, ...usage);
    await openssl('genrsa', '-out', made.key('sa'), '2048');
    await openssl('rsa', '-in', made.key('sa'), '-pubout', '-out', made.certificate('sa'));
    return made;
  }

  key(name: string): string {
    return `${this.#directory}/${name}.key`;
  }

  certificate(name: string): string {
    return `${this.#directory}/${name}.crt`;
  }

  /** A certificate for a server and a client both; `subject` as openssl takes it. */
  async issue(name: string, subject: string, alternativeNames = 'IP:127.0.0.1,DNS:localhost'): Promise<void> {
    const request = `${this.#directory}/${name}.csr`;
    const extensions = `${this.#directory}/${name}.ext`;
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.key(name)];
    await openssl('req', ...key, '-subj', subject, '-out', request);
    await writeFile(extensions, `extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=${alternativeNames}\n`);
    // A number of its own: openssl's file of serial numbers is not for two at a time.
    const serial = ['-set_serial', `0x${randomBytes(16).toString('hex')}`];
    const ca = ['-CA', this.certificate('ca'), '-CAkey', this.key('ca'), ...serial];
    await openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...ca,
      '-out',
      this.certificate(name),
      '-days',
      '30',
      '-extfile',
      extensions,
    );
  }
}

async function openssl(...args: string[]): Promise<void> {
  try {
    await run('openssl', args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('openssl is missing: install it (Debian: apt-get install openssl)');
  }
}
