import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { credentialsFromKubeConfig } from '../../../src/kube/client-node/credentials.ts';
import type { Credentials } from '../../../src/kube/credentials.ts';
import { RotatedFile } from '../../../src/kube/rotated-file.ts';

describe('a token in a file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'token-'));
    path = join(directory, 'token');
    writeFileSync(path, 'first\n');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** The operator's, as client-node makes them of a Pod's service account. */
  const operators = (): Pick<Credentials, 'authorization' | 'refused'> => {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'cluster', server: 'https://127.0.0.1', skipTLSVerify: true }],
      users: [{ name: 'user', authProvider: { name: 'tokenFile', config: { tokenFile: path } } }],
      contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
      currentContext: 'context',
    });
    return credentialsFromKubeConfig(config);
  };

  /** The agent's. */
  const agents = (): Pick<Credentials, 'authorization' | 'refused'> => {
    const file = new RotatedFile(path);
    return { authorization: async () => `Bearer ${await file.text()}`, refused: () => file.refused() };
  };

  for (const [whose, make] of Object.entries({
    "the agent's": agents,
    "the operator's": operators,
  })) {
    it(`${whose}: is read again at once when it was refused`, async () => {
      const token = make();
      expect(await token.authorization()).to.equal('Bearer first');
      writeFileSync(path, 'second\n');
      expect(await token.authorization()).to.equal('Bearer first');
      token.refused?.();
      expect(await token.authorization()).to.equal('Bearer second');
    });

    it(`${whose}: an empty file is one that is being written, not a token`, async () => {
      const token = make();
      await token.authorization();
      writeFileSync(path, '');
      token.refused?.();
      expect(await token.authorization()).to.equal('Bearer first');
      writeFileSync(path, 'second\n');
      expect(await token.authorization()).to.equal('Bearer second');
    });
  }

  it('throws while there has never been one', async () => {
    writeFileSync(path, '');
    const error = await new RotatedFile(path).text().catch(String);
    expect(error).to.include('is empty');
  });
});
