import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleDigest, digestOf } from '../../../../src/core/profile/digest.ts';

describe('digests', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'digest-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const inDirectory = (command: string) =>
    execFileSync('sh', ['-c', command], { cwd: directory, env: { ...process.env, LC_ALL: 'C' }, encoding: 'utf8' });

  it('are what a person gets with sha256sum, of one file and of all', () => {
    const files = {
      'b.json': '{"é": 1}\n',
      'a-b.json': '{}\n',
      'a.json': '',
      'a.b.json': '[]',
      '10.json': '1',
      '9.json': '2',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);

    const digests = Object.entries(files).map(([name, text]): [string, string] => [name, digestOf(text)]);
    const [ofFile] = inDirectory('sha256sum b.json').split(' ');
    const [ofAll] = inDirectory('sha256sum *.json | sha256sum').split(' ');

    expect(digestOf(files['b.json'])).to.equal(`sha256:${ofFile}`);
    expect(bundleDigest(digests)).to.equal(`sha256:${ofAll}`);
    expect(bundleDigest(digests.toReversed())).to.equal(`sha256:${ofAll}`);
  });

  it('differ when one file has another name', () => {
    const digest = digestOf('{}');
    expect(bundleDigest([['a.json', digest]])).to.not.equal(bundleDigest([['b.json', digest]]));
  });
});
