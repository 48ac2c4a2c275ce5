import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findBinaries } from '../rig/binaries.ts';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { ManagedProcess } from '../rig/process.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const PROCESS_MODULE = join(import.meta.dirname, '../rig/process.ts');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => undefined,
    (error: Error) => error,
  );
  if (!outcome) throw new Error('it did not fail');
  return outcome;
}

describe('the rig', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  describe('until', () => {
    it('gives what the probe gives once it gives something', async () => {
      const answers = [undefined, false, 'there'] as const;
      let tries = 0;
      expect(await until('an answer', () => answers[tries++], { everyMs: 1 })).to.equal('there');
    });

    it('fails with what was awaited and why the last try failed', async () => {
      const probe = () => Promise.reject(new Error('connection refused'));
      const error = await failureOf(until('the server', probe, { timeoutMs: 20, everyMs: 5 }));
      expect(error.message).to.contain('the server');
      expect(String(error.cause)).to.contain('connection refused');
    });
  });

  describe('a process', () => {
    const start = (script: string) =>
      new ManagedProcess({
        name: 'script',
        command: process.execPath,
        args: ['-e', script],
        logFile: join(directory, 'script.log'),
      });

    it('has the pid of the program itself and a log of what it prints', async () => {
      const script = start('console.log(process.pid); console.error("to stderr")');
      expect(await script.exited).to.equal(0);
      expect(script.log()).to.equal(`${script.pid}\nto stderr\n`);
    });

    const ENDS_IN_ITS_OWN_WAY = `
      process.on('SIGTERM', () => process.exit(7));
      setInterval(() => {}, 1000);
      console.log('up');`;

    it('is asked to end, and may do so in its own way', async () => {
      const script = start(ENDS_IN_ITS_OWN_WAY);
      await until('it runs', () => script.log().includes('up'));
      await script.stop();
      expect(await script.exited).to.equal(7);
    });

    it('is woken to be asked when it is paused', async () => {
      const script = start(ENDS_IN_ITS_OWN_WAY);
      await until('it runs', () => script.log().includes('up'));
      script.pause();
      await script.stop();
      expect(await script.exited).to.equal(7);
    });

    it('ends with the process that started it, also when that is killed', async () => {
      const options = { name: 'child', command: 'sleep', args: ['1000'], logFile: join(directory, 'child.log') };
      const source = `
        import { ManagedProcess } from ${JSON.stringify(PROCESS_MODULE)};
        console.log(new ManagedProcess(${JSON.stringify(options)}).pid);`;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await parent.stdout.setEncoding('utf8').take(1).toArray();
      const child = Number(line);
      try {
        // Until then it is setpriv, on its way to ask the kernel.
        await until('the program runs', async () => (await readFile(`/proc/${child}/comm`, 'utf8')) === 'sleep\n');
        parent.kill('SIGKILL');
        await until('the child is gone', () => !isAlive(child));
      } finally {
        if (isAlive(child)) process.kill(child, 'SIGKILL');
      }
    });
  });

  describe('KUBEBUILDER_ASSETS', () => {
    let before: string | undefined;
    beforeEach(() => {
      before = process.env.KUBEBUILDER_ASSETS;
      process.env.KUBEBUILDER_ASSETS = directory;
    });
    afterEach(() => {
      if (before === undefined) delete process.env.KUBEBUILDER_ASSETS;
      else process.env.KUBEBUILDER_ASSETS = before;
    });

    it('is used as it is', async () => {
      for (const name of ['etcd', 'kube-apiserver', 'kubectl'])
        await writeFile(join(directory, name), '', { mode: 0o755 });
      const { source, directory: found } = await findBinaries(() => {});
      expect([source, found]).to.deep.equal(['KUBEBUILDER_ASSETS', directory]);
    });

    it('without one of the programs is refused by the name of that program', async () => {
      for (const name of ['etcd', 'kubectl']) await writeFile(join(directory, name), '', { mode: 0o755 });
      const error = await failureOf(findBinaries(() => {}));
      expect(error.message).to.contain('lacks kube-apiserver').and.to.contain(directory);
    });
  });

  describe('programs that are neither given nor cached', () => {
    const BINARIES_MODULE = join(import.meta.dirname, '../rig/binaries.ts');
    /** Finds the programs in a process of its own, with an empty cache and a Go of ours. */
    const find = () => {
      const source = `
        import { findBinaries } from ${JSON.stringify(BINARIES_MODULE)};
        console.log((await findBinaries(() => {})).source);`;
      const env = {
        ...process.env,
        KUBEBUILDER_ASSETS: '',
        SECCOMP_OPERATOR_KUBE: 'build',
        XDG_CACHE_HOME: directory,
        PATH: `${directory}:${process.env.PATH}`,
      };
      const args = ['--input-type=module', '-e', source];
      return new ManagedProcess({
        name: 'find',
        command: process.execPath,
        args,
        env,
        logFile: join(directory, 'find.log'),
      });
    };
    const writeGo = (script: string) =>
      writeFile(join(directory, 'go'), `#!/bin/sh\necho $$ >> ${directory}/go.pids\n${script}\n`, { mode: 0o755 });
    const goPids = async () => (await readFile(join(directory, 'go.pids'), 'utf8')).trim().split('\n').map(Number);
    const WRITES_ITS_OUTPUT = 'while [ "$1" != -o ]; do shift; done; touch "$2"';

    it('are built once, however many processes want them', async () => {
      // Longer than those who wait rest between two looks at the lock.
      await writeGo(`sleep 2; ${WRITES_ITS_OUTPUT}`);
      const processes = [find(), find(), find()];
      expect(await Promise.all(processes.map(each => each.exited))).to.deep.equal([0, 0, 0]);
      expect(await goPids()).to.have.length(1);
      expect(processes[0]?.log()).to.match(/^(build\n|cache\n){3}$/);
    });

    it('are built by the next process when one was killed while it built them', async () => {
      await writeGo('exec sleep 1000');
      const killed = find();
      await until('the build runs', goPids);
      await killed.kill();
      for (const pid of await goPids()) process.kill(pid, 'SIGKILL');
      await writeGo(WRITES_ITS_OUTPUT);
      expect(await find().exited).to.equal(0);
      const left = (await readdir(join(directory, 'seccomp-operator'))).filter(name => !/^kube-[0-9a-f]+$/.test(name));
      expect(left).to.deep.equal([]);
    });
  });

  it('says at once why the API server ended, and leaves nothing behind', async () => {
    const pidFile = join(directory, 'etcd.pid');
    const programs: Record<string, string> = {
      etcd: `echo $$ > ${pidFile}; exec sleep 1000`,
      'kube-apiserver': `until [ -s ${pidFile} ]; do sleep 0.05; done; echo 'unknown flag' >&2; exit 1`,
      kubectl: 'exit 1',
    };
    for (const [name, script] of Object.entries(programs))
      await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const before = { KUBEBUILDER_ASSETS: process.env.KUBEBUILDER_ASSETS, TMPDIR: process.env.TMPDIR };
    const temporary = await mkdtemp(join(directory, 'tmp-'));
    Object.assign(process.env, { KUBEBUILDER_ASSETS: directory, TMPDIR: temporary });
    try {
      const error = await failureOf(startControlPlane());
      expect(error.message).to.contain('kube-apiserver ended').and.to.contain('unknown flag');
    } finally {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
    expect(isAlive(Number(await readFile(pidFile, 'utf8')))).to.equal(false);
    expect(await readdir(temporary)).to.deep.equal([]);
  });

  describe('a control plane', () => {
    let plane: ControlPlane;
    before(async function () {
      this.timeout(0); // The control plane may have to be built first.
      plane = await startControlPlane({ audit: true });
      await until('the default namespace', () => plane.kubectl(['get', 'namespace', 'default']));
    });
    after(() => plane?.stop());

    it('keeps what it holds over a restart of its API server', async () => {
      await plane.kubectl(['create', 'configmap', 'kept', '--from-literal=key=value']);
      const { pid } = plane.apiserver;
      await plane.restartApiserver();
      expect(plane.apiserver.pid).not.to.equal(pid);
      expect(await plane.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.key}'])).to.equal('value');
    });

    it('lets a service account do only what it was given', async () => {
      await plane.kubectl(['create', 'serviceaccount', 'nobody']);
      const token = (await plane.kubectl(['create', 'token', 'nobody'])).trim();
      const kubeconfig = await plane.kubeconfigFor('nobody', token);
      const { code, stderr } = await plane.tryKubectl(['get', 'secrets'], undefined, kubeconfig);
      expect(code).to.equal(1);
      expect(stderr)
        .to.contain('system:serviceaccount:default:nobody')
        .and.to.contain('cannot list resource "secrets"');
    });

    it('writes each request to its audit log', async () => {
      await plane.kubectl(['create', 'configmap', 'audited']);
      const lines = (await readFile(plane.auditLog, 'utf8')).trim().split('\n');
      const events = lines.map(line => JSON.parse(line) as { verb: string; objectRef?: { name?: string } });
      expect(events.filter(event => event.verb === 'create' && event.objectRef?.name === 'audited')).to.have.length(1);
    });

    it('says what kubectl said when it fails', async () => {
      const error = await failureOf(plane.kubectl(['get', 'configmap', 'absent']));
      expect(error.message).to.contain('configmaps "absent" not found');
    });
  });

  it('leaves neither a process nor a file when it stops', async function () {
    this.timeout(0);
    const plane = await startControlPlane();
    const { pid } = plane.apiserver;
    await plane.stop();
    expect(isAlive(pid)).to.equal(false);
    expect(existsSync(plane.directory)).to.equal(false);
  });

  it("gives an agent a token that names its node, as the kubelet's would", async function () {
    this.timeout(0);
    const system = await System.install();
    try {
      await system.addNode('node-a', { agent: false });
      const kubeconfig = await system.agentKubeconfig('node-a');
      const { stdout } = await system.plane.tryKubectl(['auth', 'whoami', '-o', 'json'], undefined, kubeconfig);
      const { userInfo } = (JSON.parse(stdout) as { status: { userInfo: { extra: Record<string, string[]> } } }).status;
      expect(userInfo.extra['authentication.kubernetes.io/node-name']).to.deep.equal(['node-a']);
    } finally {
      await system.stop();
    }
  });
});
