// Gets the sources of the syscall tables through apt and the Go module proxy, into a folder of their own: neither the
// machine's package lists nor its packages change. Needs a Debian machine (apt, its keyring), Go and a network.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** golang.org/x/sys/unix of this version was generated from Linux 7.2. */
const GO_MODULE = 'golang.org/x/sys@v0.50.0';

/** What the generator reads: folders of unpacked packages, and which versions they are. */
export function fetchSources(folder) {
  const apt = aptOf(folder);
  const headers = apt.binary('linux-libc-dev', 'forky');
  const manual = apt.binary('manpages-dev', 'forky');
  const libseccomp = [apt.source('libseccomp', 'bookworm'), apt.source('libseccomp', 'trixie')];
  return { headers, manual, libseccomp, goSys: goModule() };
}

function aptOf(folder) {
  for (const each of ['lists/partial', 'cache/archives/partial', 'down'])
    mkdirSync(join(folder, each), { recursive: true });
  const lines = ['bookworm', 'trixie', 'forky'].flatMap(suite =>
    ['deb', 'deb-src'].map(type => `${type} [signed-by=${KEYRING}] ${MIRROR} ${suite} main`),
  );
  writeFileSync(join(folder, 'sources.list'), `${lines.join('\n')}\n`);
  const options = [
    `Dir::Etc::sourcelist=${folder}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap(option => ['-o', option]);
  const down = join(folder, 'down');
  const run = (...args) => execFileSync('apt-get', [...options, '-q', ...args], { cwd: down, stdio: 'pipe' });
  const unpack = (name, command, ...args) => {
    const into = join(folder, name);
    mkdirSync(into, { recursive: true });
    execFileSync(
      command,
      args.map(arg => arg || into),
    );
    return into;
  };
  const newest = pattern =>
    readdirSync(down)
      .filter(file => pattern.test(file))
      .at(-1);
  run('update');
  return {
    binary(name, suite) {
      run('download', '-t', suite, `${name}/${suite}`);
      const file = newest(new RegExp(`^${name}_.*\\.deb$`));
      const version = file.split('_')[1];
      return { name: `${name} ${version} (Debian)`, folder: unpack(name, 'dpkg-deb', '-x', join(down, file), '') };
    },
    source(name, suite) {
      const before = new Set(readdirSync(down));
      run('source', '--download-only', '-t', suite, `${name}/${suite}`);
      const file = readdirSync(down).find(each => !before.has(each) && /\.orig\.tar\.\w+$/.test(each));
      const version = file.split('_')[1].replace(/\.orig.*/, '');
      const into = unpack(`${name}-${version}`, 'tar', '-xf', join(down, file), '--strip-components=1', '-C', '');
      return { name: `${name} ${version} (Debian source)`, version, folder: into };
    },
  };
}

function goModule() {
  const env = { ...process.env, GOFLAGS: '-mod=mod' };
  const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', GO_MODULE], { env }));
  return { name: GO_MODULE, folder: join(Dir, 'unix') };
}

export const readZipped = path => gunzipSync(readFileSync(path)).toString('utf8');
