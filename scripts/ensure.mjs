// Makes a fresh clone ready to run: installs what the lock file names when it is missing or stale. Plain JavaScript for
// Node 20: afterwards node_modules/.bin/node is a current one, which `npm run` finds first for the rest of its line, if
// the shell has not looked `node` up before: hence `env node` where this is called.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

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
    rmSync(LOCK, { force: true });
  }
}

/** One installs, others wait. The lock is a link that names its holder's pid: one that was killed holds nothing. */
function lock() {
  for (let isTold = false; ; isTold = true) {
    try {
      symlinkSync(String(process.pid), LOCK);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isHeld()) rmSync(LOCK, { force: true });
    else if (!isTold) console.error('another process is installing the packages; waiting for it');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
}

function isHeld() {
  try {
    process.kill(Number(readlinkSync(LOCK)), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
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
  rmSync(LOCK, { force: true });
  process.exit(1);
}
