// Makes a fresh clone ready to run: installs what the lock file names when it is missing or stale. Plain JavaScript for
// Node 20: afterwards node_modules/.bin/node is a current one, which `npm run` finds first for the rest of its line.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

const STAMP = 'node_modules/.seccomp-operator';
const LOCK = '.install-lock';
const LEAST = [22, 19];

const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
if (!isCurrent()) install();
checkNode();

function isCurrent() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted;
}

function install() {
  lock();
  try {
    if (isCurrent()) return;
    console.error('installing the packages of package-lock.json (about half a minute)');
    const { status, stdout, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { encoding: 'utf8' });
    if (error || status !== 0) fail(`npm ci failed: ${error?.message ?? `${stdout}\n${stderr}`}`);
    writeFileSync(STAMP, wanted);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** One installs, others wait. A lock that is ten minutes old was left by a process that was killed. */
function lock() {
  for (;;) {
    try {
      mkdirSync(LOCK);
      return;
    } catch {
      const made = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - made > 600_000) rmSync(LOCK, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
}

function checkNode() {
  if (existsSync('node_modules/.bin/node')) return;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return;
  fail(
    `Node ${LEAST.join('.')} or newer is needed, this is ${process.versions.node}; for this platform no package brings one`,
  );
}

function fail(message) {
  console.error(message);
  rmSync(LOCK, { recursive: true, force: true });
  process.exit(1);
}
