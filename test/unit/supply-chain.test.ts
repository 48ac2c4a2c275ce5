import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Package {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Permissive ones: nothing that is in a bundle or an image asks more than to be named. SPDX identifiers. */
const PERMISSIVE = [
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT OR Apache-2.0'],
  ...['PSF-2.0', 'Python-2.0', 'Unlicense'],
];

describe('what is taken from others', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

  it('is named by one version each', () => {
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).to.deep.equal([]);
  });

  it('has its checksum in the lock file', () => {
    expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).to.deep.equal([]);
  });

  it('is under a permissive licence', () => {
    const others = packages.filter(([, { license = 'none' }]) => !PERMISSIVE.includes(license));
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).to.deep.equal([]);
  });

  it('runs nothing when it is installed, but for what only tests and builds use', () => {
    const scripts = packages.filter(([, each]) => each.hasInstallScript && !each.dev);
    expect(scripts.map(([path]) => path)).to.deep.equal([]);
  });

  it('is fixed by sums where it is Go', () => {
    const modules = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter(each =>
      /(^|\/)(go|v[\d.]+)\.mod$/.test(each),
    );
    expect(modules.length).to.be.greaterThan(3);
    const needing = modules.filter(path => read(join('test', path)).includes('require'));
    for (const path of needing) expect(read(join('test', path.replace(/\.mod$/, '.sum'))), path).not.to.equal('');
  });

  it('is installed as the lock file says, without scripts, where the image is built', () => {
    expect(read('Dockerfile')).to.contain('npm ci --ignore-scripts');
    expect(read('scripts/ensure.mjs')).to.contain("'npm', ['ci'");
  });
});
