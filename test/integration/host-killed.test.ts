import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { KubeletRoot } from '../support/host/kubelet-root.ts';
import type { Readings } from '../support/host/reader.ts';
import { FILE_NAMES, textOf } from '../support/host/versions.ts';

const KILLS = 200;
/** One in so many is killed while it starts: opening and repairing. */
const EARLY_EVERY = 4;
/** About what a writer takes to start and to open the directory. */
const START_MS = 120;
const VERSIONS_A_RUN = 100_000;

describe('a writer that is killed', () => {
  const root = new KubeletRoot();
  const children = new Set<ChildProcess>();
  // Most of a writer's short life would go into stripping types; a run that ends in peace leaves the code for the others.
  const codeCache = mkdtempSync(join(tmpdir(), 'code-'));
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await root.remove();
    rmSync(codeCache, { recursive: true });
  });

  it(`${KILLS} times during a stream of edits: no reader sees a torn file, and the last state is right`, async function () {
    this.timeout(600_000);
    await finished(start('writer.ts', root.path, '0', '0'));
    const reader = start('reader.ts', root.profiles);
    const readings = text(reader.stdout as NodeJS.ReadableStream);

    for (let run = 1; run <= KILLS; run++) await writeUntilKilled(run);
    const last = (KILLS + 1) * VERSIONS_A_RUN;
    await finished(start('writer.ts', root.path, `${last}`, `${last}`));

    reader.stdin?.end();
    await finished(reader);
    const { reads, versions, wrong } = JSON.parse(await readings) as Readings;
    expect(wrong).to.deep.equal([]);
    expect(reads).to.be.greaterThan(KILLS);
    // The writers did write, and the reader did see them at it.
    expect(versions).to.be.greaterThan(KILLS / 2);

    for (const name of FILE_NAMES) expect(readFileSync(root.file(name), 'utf8')).to.equal(textOf(last));
    expect(readdirSync(root.profiles).sort()).to.deep.equal(['.installed', ...FILE_NAMES]);
    expect(readdirSync(join(root.profiles, '.installed')).sort()).to.deep.equal(FILE_NAMES);
  });

  async function writeUntilKilled(run: number): Promise<void> {
    const writer = start('writer.ts', root.path, `${run * VERSIONS_A_RUN}`);
    const exit = once(writer, 'exit');
    const early = run % EARLY_EVERY === 0;
    if (!early) await Promise.race([once(writer.stdout as NodeJS.ReadableStream, 'data'), exit]);
    // The random moment is the subject here, not a wait for something.
    await delay(Math.random() * (early ? START_MS : 40));
    writer.kill('SIGKILL');
    const [, signal] = await exit;
    expect(signal, 'ended before it was killed').to.equal('SIGKILL');
  }

  function start(script: string, ...args: string[]): ChildProcess {
    const path = join(import.meta.dirname, '../support/host', script);
    const env = { ...process.env, NODE_COMPILE_CACHE: codeCache };
    const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  async function finished(child: ChildProcess): Promise<void> {
    const [code] = await once(child, 'exit');
    expect(code).to.equal(0);
  }
});
