import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../dist/kubectl-seccomp.js');
const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

/** A JSON Web Token, a PEM block, an Authorization header. */
const SECRET = /eyJ[\w-]{10,}\.|-----BEGIN|Bearer\s+\S/i;

describe('what the programs print at the level debug', function () {
  this.timeout(120_000);
  let system: System;
  let said: string;

  before(async function () {
    this.timeout(600_000);
    process.env['LOG_LEVEL'] = 'debug';
    system = await System.start(['node-a']);
    // As much trouble as a run can have: refusals, a server that goes away, credentials that are none.
    await system.profiles.install('web', SPEC);
    await system.plane.restartApiserver();
    await system.profiles.install('web', { ...SPEC, defaultAction: 'SCMP_ACT_LOG' });
    const forged = await system.plane.kubeconfigFor('forged', `${await token('agent')}x`);
    const results = await Promise.all([
      ...[['status'], ['nodes'], ['violations'], ['uninstall', '--dry-run']].map(args =>
        cli(args, system.plane.kubeconfig),
      ),
      ...[['status'], ['nodes']].map(args => cli(args, forged)),
    ]);
    const agent = system.nodes.get('node-a')?.agent;
    await agent?.stop();
    await refusedAgent(forged);
    said = [system.operator.log(), agent?.log(), ...results].join('\n');
  });

  after(async () => {
    delete process.env['LOG_LEVEL'];
    await system?.stop();
  });

  /** Of an account that has a kubeconfig in this system. */
  async function token(account: 'operator' | 'agent'): Promise<string> {
    const name = account === 'agent' ? 'seccomp-agent-node-a' : 'operator';
    const { users } = JSON.parse(await readFile(system.plane.kubeconfigPath(name), 'utf8'));
    return users[0].user.token;
  }

  async function cli(args: readonly string[], kubeconfig: string): Promise<string> {
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    const { stdout, stderr } = await run(process.execPath, [CLI, ...args], { env }).catch(error => error);
    return `${stdout}${stderr}`;
  }

  /** An agent whose token is refused says so, and goes on to. */
  async function refusedAgent(kubeconfig: string): Promise<void> {
    await writeFile(system.plane.kubeconfigPath('seccomp-agent-node-a'), await readFile(kubeconfig, 'utf8'));
    const agent = system.restartAgent('node-a');
    await until('it is refused', () => agent.log().includes('Unauthorized'));
    await agent.stop();
  }

  it('is all that they have to say, of trouble too', async () => {
    // Little is said at that level only.
    expect(await readFile(`/proc/${system.operator.pid}/environ`, 'utf8')).to.contain('LOG_LEVEL=debug');
    expect(said).to.contain('Unauthorized');
  });

  it('has no token, key or certificate in it', async () => {
    expect(SECRET.exec(said)?.[0]).to.equal(undefined);
    const secrets = [await token('operator'), await token('agent')];
    for (const name of (await readdir(system.plane.directory)).filter(each => each.endsWith('.key')))
      secrets.push(await readFile(join(system.plane.directory, name), 'utf8'));
    for (const secret of secrets) {
      // Any piece of it is too much.
      const pieces = secret.match(/[\w+/-]{24}/g) ?? [];
      expect(pieces.length).to.be.greaterThan(3);
      expect(pieces.filter(piece => said.includes(piece))).to.deep.equal([]);
    }
  });
});
