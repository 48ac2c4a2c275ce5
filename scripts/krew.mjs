// Makes the kubectl plugin's archive, and the manifest by which krew installs it: dist/krew. Needs what `npm run build` made.
//
//   npm run krew -- URI HOMEPAGE      where the archive and the project will be found
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const [uri, homepage, folder = 'dist/krew'] = process.argv.slice(2);
if (!uri || !homepage) {
  console.error('usage: npm run krew -- URI HOMEPAGE');
  process.exit(2);
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const archive = `${folder}/kubectl-seccomp.tar.gz`;

rmSync(folder, { recursive: true, force: true });
mkdirSync(`${folder}/files`, { recursive: true });
for (const name of ['kubectl-seccomp.js', 'package.json', 'kubectl-seccomp.js.LEGAL.txt'])
  copyFileSync(`dist/${name}`, `${folder}/files/${name}`);
copyFileSync('LICENSE', `${folder}/files/LICENSE`);
chmodSync(`${folder}/files/kubectl-seccomp.js`, 0o755);
pack();
const fields = {
  TagName: `v${version}`,
  Homepage: homepage,
  URI: uri,
  SHA256: createHash('sha256').update(readFileSync(archive)).digest('hex'),
};
const template = readFileSync('manifests/krew/seccomp.yaml', 'utf8');
const manifest = template.replaceAll(/\{\{ \.(\w+) \}\}/g, (_, name) => fields[name] ?? fail(`no field ${name}`));
writeFileSync(`${folder}/seccomp.yaml`, manifest.replace(/^#.*\n/, ''));
console.log(`${archive}\n${folder}/seccomp.yaml`);

/** The same bytes for the same files, whoever packs them when. */
function pack() {
  const same = [
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--use-compress-program=gzip -n',
  ];
  const { status, stderr } = spawnSync('tar', [...same, '-cf', archive, '-C', `${folder}/files`, '.'], {
    encoding: 'utf8',
  });
  if (status !== 0) fail(`tar failed: ${stderr}`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
