import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeRemains } from './remains.ts';

/**
 * A process that outlives its maker, to clean up after it: it waits for the end of a pipe whose other end nobody but the
 * maker holds, so also for the maker's being killed.
 */
export class Janitor {
  readonly #child: ChildProcess;
  readonly #done: Promise<void>;

  constructor(cluster: string) {
    const logFile = join(tmpdir(), `seccomp-operator-${cluster}-janitor.log`);
    const log = openSync(logFile, 'w');
    const script = 'cat > /dev/null; exec "$0" "$@"';
    const args = ['-c', script, process.execPath, import.meta.filename, cluster, logFile];
    const child = spawn('sh', args, { detached: true, stdio: ['pipe', log, log] });
    closeSync(log);
    this.#child = child;
    this.#done = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', code => {
        if (code === 0) resolve();
        else reject(new Error(`cluster ${cluster} could not be cleaned up: ${readFileSync(logFile, 'utf8')}`));
      });
    });
    child.unref();
  }

  /** Lets it clean up now. */
  async cleanUp(): Promise<void> {
    // Whoever waits for it does not end before.
    this.#child.ref();
    this.#child.stdin?.end();
    await this.#done;
  }
}

if (import.meta.main) {
  const [cluster, logFile] = process.argv.slice(2) as [string, string];
  await removeRemains(cluster);
  rmSync(logFile, { force: true });
}
