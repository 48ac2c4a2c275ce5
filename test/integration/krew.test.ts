import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

/** What krew's own validation asks of a manifest (krew, internal/index/validation), and that what it installs runs. */
describe('the manifest for krew', () => {
  let folder: string;
  let manifest: Manifest;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'krew-'));
    const args = ['scripts/krew.mjs', 'https://example.com/v0/kubectl-seccomp.tar.gz', 'https://example.com/', folder];
    execFileSync('node', args);
    manifest = parse(readFileSync(join(folder, 'seccomp.yaml'), 'utf8'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is one that krew takes, with no field left open', () => {
    expect(readFileSync(join(folder, 'seccomp.yaml'), 'utf8')).to.not.match(/[{}]{2}/);
    expect(manifest).to.deep.include({ apiVersion: 'krew.googlecontainertools.github.com/v1alpha2', kind: 'Plugin' });
    expect(manifest.metadata).to.deep.equal({ name: 'seccomp' });
    const { version, homepage, shortDescription, platforms } = manifest.spec;
    expect(version).to.match(/^v\d+\.\d+\.\d+$/);
    expect(homepage).to.equal('https://example.com/');
    expect(shortDescription).to.match(/^.{10,60}[^.]$/);
    expect(platforms).to.have.lengthOf(1);
    expect(platforms[0]?.uri).to.equal('https://example.com/v0/kubectl-seccomp.tar.gz');
  });

  it('names an archive whose program runs as kubectl would run it', () => {
    const archive = join(folder, 'kubectl-seccomp.tar.gz');
    const [{ sha256, bin } = { sha256: '', bin: '' }] = manifest.spec.platforms;
    expect(createHash('sha256').update(readFileSync(archive)).digest('hex')).to.equal(sha256);
    const store = join(folder, 'store');
    execFileSync('sh', [
      '-c',
      'mkdir "$1" && tar -xf "$0" -C "$1" && ln -s "$1/$2" "$1/kubectl-seccomp"',
      archive,
      store,
      bin,
    ]);
    const text = execFileSync(join(store, 'kubectl-seccomp'), ['explain', 'examples/seed.yaml', 'read']).toString();
    expect(text).to.include('allowed');
  });
});

interface Manifest {
  readonly metadata: unknown;
  readonly spec: {
    readonly version: string;
    readonly homepage: string;
    readonly shortDescription: string;
    readonly platforms: readonly { readonly uri: string; readonly sha256: string; readonly bin: string }[];
  };
}
