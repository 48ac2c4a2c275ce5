import { expect } from 'chai';
import { silentLog } from '../../src/core/log.ts';
import { isConflict, isNotFound } from '../../src/kube/errors.ts';
import { EventRecorder } from '../../src/kube/events.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { LeaderElection } from '../../src/kube/lease.ts';
import { type KubeObject, resourcePath } from '../../src/kube/objects.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Recorder } from './recorder.ts';
import { Sandbox } from './sandbox.ts';

const userAgent = 'contract-test';

type Lease = KubeObject & { spec: { holderIdentity: string; leaseTransitions: number } };

/** One elector through its own way to the server; a line in `history` for each beginning and end of a term. */
class Candidate {
  readonly election: LeaderElection;
  readonly proxy: FaultProxy;
  readonly #transport: Transport;
  readonly #stop = new AbortController();
  readonly #history: string[];
  readonly #identity: string;
  #begun = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(identity: string, namespace: string, proxy: FaultProxy, history: string[]) {
    this.#identity = identity;
    this.#history = history;
    this.proxy = proxy;
    this.#transport = new Transport({ credentials: proxy.credentials, userAgent });
    this.election = new LeaderElection({
      transport: this.#transport,
      namespace,
      name: 'leader',
      identity,
      leaseDurationMs: 3_000,
      renewDeadlineMs: 2_000,
      retryPeriodMs: 300,
      log: silentLog,
    });
  }

  start(): this {
    this.#running = this.election.run({ signal: this.#stop.signal, lead: signal => this.#lead(signal) });
    return this;
  }

  get leading(): Promise<void> {
    return this.#begun.promise;
  }

  get deposed(): Promise<void> {
    return this.#ended.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#transport.close();
    await this.proxy.stop();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.#history.push(`${this.#identity} begins`);
    this.#begun.resolve();
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    this.#history.push(`${this.#identity} ends`);
    this.#ended.resolve();
  }
}

describe('writing to a real API server', function () {
  this.timeout(180_000);
  let plane: ControlPlane;
  let api: Transport;
  let sandbox: Sandbox;
  let history: string[];
  let candidates: Candidate[];

  before(async () => {
    plane = await startControlPlane();
    api = new Transport({ credentials: await kubeconfigCredentials(plane.kubeconfig), userAgent });
  });

  after(async () => {
    api?.close();
    await plane?.stop();
  });

  beforeEach(async () => {
    sandbox = await Sandbox.make(api);
    history = [];
    candidates = [];
  });

  afterEach(() => Promise.all(candidates.map(each => each.stop())));

  async function candidate(identity: string): Promise<Candidate> {
    const proxy = await FaultProxy.start(await kubeconfigCredentials(plane.kubeconfig));
    const made = new Candidate(identity, sandbox.namespace, proxy, history);
    candidates.push(made);
    return made.start();
  }

  const lease = (): Promise<Lease> =>
    api.request<Lease>('GET', `/apis/coordination.k8s.io/v1/namespaces/${sandbox.namespace}/leases/leader`);

  it('hands the lease over when the leader stops, without waiting for it to expire', async () => {
    const a = await candidate('a');
    await a.leading;
    const b = await candidate('b');
    expect(b.election.isLeader).to.equal(false);
    await a.stop();
    candidates = [b];
    await b.leading;
    expect(history).to.deep.equal(['a begins', 'a ends', 'b begins']);
    expect((await lease()).spec).to.deep.include({ holderIdentity: 'b', leaseTransitions: 1 });
    await b.stop();
    candidates = [];
    expect((await lease()).spec.holderIdentity ?? '').to.equal('');
  });

  it('takes over from a leader that is cut off, after that one has stopped leading', async () => {
    const a = await candidate('a');
    await a.leading;
    const b = await candidate('b');
    // Its requests hang: neither refused nor answered.
    a.proxy.intercept = () => true;
    await a.deposed;
    expect(a.election.isLeader).to.equal(false);
    await b.leading;
    expect(history).to.deep.equal(['a begins', 'a ends', 'b begins']);
  });

  it('elects one of several that begin at the same time', async () => {
    const [a, b, c] = await Promise.all([candidate('a'), candidate('b'), candidate('c')]);
    await Promise.race([a.leading, b.leading, c.leading]);
    const { holderIdentity } = (await lease()).spec;
    expect(history).to.deep.equal([`${holderIdentity} begins`]);
    expect([a, b, c].filter(({ election }) => election.isLeader)).to.have.length(1);
  });

  it('stops leading at once when another one has taken the lease by force', async () => {
    const a = await candidate('a');
    await a.leading;
    const path = `/apis/coordination.k8s.io/v1/namespaces/${sandbox.namespace}/leases/leader`;
    const body = { spec: { holderIdentity: 'usurper' } };
    await api.request('PATCH', path, { body, contentType: 'application/merge-patch+json' });
    await a.deposed;
    expect((await lease()).spec.holderIdentity).to.equal('usurper');
  });

  it('knows that it may not write any more when it goes on after a stop, before any timer has told', async () => {
    const a = await candidate('a');
    await a.leading;
    expect(a.election.mayWrite).to.equal(true);
    // As SIGSTOP does: nothing runs for longer than the deadline.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100);
    expect(a.election.isLeader).to.equal(true);
    expect(a.election.mayWrite).to.equal(false);
    await a.deposed;
  });

  it('sends nothing that changes something while it may not write', async () => {
    const proxy = await FaultProxy.start(await kubeconfigCredentials(plane.kubeconfig));
    const fenced = new Transport({ credentials: proxy.credentials, userAgent, mayWrite: () => false });
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } };
    const error = await fenced.request('POST', sandbox.path, { body }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'FENCED' });
    await fenced.request('GET', sandbox.path);
    expect(proxy.requests.map(({ method }) => method)).to.deep.equal(['GET']);
    fenced.close();
    await proxy.stop();
  });

  it('writes events that the API server takes, of namespaced and of cluster-scoped objects', async () => {
    const recorder = new EventRecorder({
      transport: api,
      reportingController: 'example.dev/contract-test',
      reportingInstance: 'contract-test',
      log: silentLog,
    });
    const seen = new Recorder<string>();
    const reflector = new Reflector<KubeObject & { note?: string }, string>({
      transport: api,
      path: resourcePath({ group: 'events.k8s.io', version: 'v1', plural: 'events' }),
      name: 'events',
      fieldSelector: 'reportingController=example.dev/contract-test',
      project: ({ note = '' }) => note,
      handler: seen,
      log: silentLog,
    });
    reflector.start();
    const text = { type: 'Warning', reason: 'Tested', action: 'Test' } as const;
    const name = sandbox.namespace;
    recorder.event(
      { apiVersion: 'v1', kind: 'ConfigMap', name, namespace: name },
      { ...text, note: 'é'.repeat(5_000) },
    );
    for (let i = 0; i < 20; i++) {
      recorder.event({ apiVersion: 'v1', kind: 'Namespace', name }, { ...text, note: `number ${i}` });
    }
    recorder.event({ apiVersion: 'v1', kind: 'Namespace', name: `${name}-2` }, { ...text, note: 'last' });
    await seen.until(() => seen.changes.some(({ item }) => item === 'last'));
    const notes = seen.changes.map(({ item }) => item ?? '');
    expect(notes.slice(1)).to.deep.equal(['number 0', 'number 1', 'number 2', 'number 3', 'number 4', 'last']);
    expect(notes[0]).to.match(/^é+…$/);
    recorder.stop();
    await reflector.stop();
  });

  it('says what the server said, and what to do about it', async () => {
    const missing = await api.request('GET', `${sandbox.path}/none`).catch((error: unknown) => error);
    expect(isNotFound(missing)).to.equal(true);
    expect(String(missing)).to.include(`GET ${sandbox.path}/none`).and.include('"none" not found');
    const body = { ...(await sandbox.create('a')), data: { a: 'b' } };
    await sandbox.edit('a', { a: 'c' });
    const late = await api.request('PUT', `${sandbox.path}/a`, { body }).catch((error: unknown) => error);
    expect(isConflict(late)).to.equal(true);
    const { server, tls } = await kubeconfigCredentials(plane.kubeconfig);
    const { cert: _, key: __, ...anonymous } = tls();
    const stranger = new Transport({
      credentials: { server, tls: () => anonymous, authorization: async () => 'Bearer wrong' },
      userAgent,
    });
    const refused = await stranger.request('GET', sandbox.path).catch((error: unknown) => error);
    expect(refused).to.deep.include({ name: 'ApiError', status: 401 });
    expect(String(refused)).to.match(/check the service-account token or the kubeconfig/);
    stranger.close();
  });

  it('gives up a call at its deadline, at the caller’s word, and when it is closed', async () => {
    const proxy = await FaultProxy.start(await kubeconfigCredentials(plane.kubeconfig));
    proxy.intercept = () => true;
    const transport = new Transport({ credentials: proxy.credentials, userAgent });
    const codeOf = (call: Promise<unknown>) =>
      call.catch((error: { code?: string; name: string }) => error.code ?? error.name);
    expect(await codeOf(transport.request('GET', '/version', { timeoutMs: 50 }))).to.equal('CALL_TIMEOUT');
    const abort = new AbortController();
    const aborted = transport.request('GET', '/version', { signal: abort.signal }).catch((error: unknown) => error);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await aborted).to.equal(reason);
    const closed = codeOf(transport.request('GET', '/version'));
    transport.close();
    expect(await closed).to.equal('CLOSED');
    await proxy.stop();
  });

  it('uses its connections again', async () => {
    const proxy = await FaultProxy.start(await kubeconfigCredentials(plane.kubeconfig));
    const transport = new Transport({ credentials: proxy.credentials, userAgent });
    for (let i = 0; i < 20; i++) await transport.request('GET', '/version');
    expect(proxy.connections).to.equal(1);
    transport.close();
    await proxy.stop();
  });
});
