import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Installation } from '../rig/cluster/installation.ts';
import { imageArchive } from '../rig/images/images.ts';
import { PROGRAMS } from '../rig/images/recipes.ts';
import { until } from '../rig/until.ts';
import { AuditTrace } from '../support/audit-trace.ts';
import { Pods } from '../support/pods.ts';

const run = promisify(execFile);
const SECCOMP = join(import.meta.dirname, '../../dist/kubectl-seccomp.js');

interface Program {
  readonly name: string;
  readonly exe: string;
  readonly command: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly port: number;
  /** What a client says, and what it then hears. */
  readonly talk: readonly (readonly [request: string, answer: RegExp])[];
}

const GET = (path: string, answer: RegExp) => [`GET ${path} HTTP/1.0\r\nHost: test\r\n\r\n`, answer] as const;
/** Asked for in the confined Pod alone: a call that is not in the trace, which gets the errno of generated profiles. */
const FORBIDDEN = GET('/forbidden', /refused ENOSYS/);

const PYTHON = `
import http.server, errno, os, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = 'hello from python'
        if self.path == '/forbidden':
            try:
                os.symlink('a', '/tmp/link')
                text = 'not refused'
            except OSError as error:
                text = 'refused ' + errno.errorcode[error.errno]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())
http.server.ThreadingHTTPServer(('', 8000), Handler).serve_forever()
`;

const NODE = `
const { createServer } = require('node:http');
const { readFile, symlink } = require('node:fs/promises');
createServer(async (request, response) => {
  if (request.url === '/forbidden')
    return response.end(await symlink('a', '/tmp/link').then(() => 'not refused', ({ code }) => 'refused ' + code));
  await readFile('/files/server.js');
  response.end('hello from node');
}).listen(8000);
`;

const NGINX = `
daemon off;
pid /tmp/nginx.pid;
error_log stderr;
user root;
events {}
http {
  access_log /dev/stdout;
  server {
    listen 8000;
    location / { root /usr/share/nginx/html; }
  }
}
`;

const PROGRAMS_TO_CONFINE: readonly Program[] = [
  {
    name: 'nginx',
    exe: '/usr/sbin/nginx',
    command: ['nginx', '-c', '/files/nginx.conf'],
    files: { 'nginx.conf': NGINX },
    port: 8000,
    talk: [GET('/', /Welcome to nginx/), GET('/absent', /404 Not Found/)],
  },
  {
    name: 'redis',
    exe: '/usr/bin/redis-check-rdb',
    command: ['redis-server', '--protected-mode', 'no', '--save', '', '--dir', '/tmp'],
    files: {},
    port: 6379,
    talk: [
      ['SET key value\r\n', /\+OK/],
      ['GET key\r\n', /value/],
    ],
  },
  {
    name: 'python',
    exe: '/usr/bin/python3.11',
    command: ['python3', '/files/server.py'],
    files: { 'server.py': PYTHON },
    port: 8000,
    talk: [GET('/', /hello from python/)],
  },
  {
    name: 'node',
    exe: '/usr/bin/node',
    command: ['node', '/files/server.js'],
    files: { 'server.js': NODE },
    port: 8000,
    talk: [GET('/', /hello from node/)],
  },
];

describe('programs from Debian packages', function () {
  this.timeout(300_000);
  let system: Installation;
  let pods: Pods;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'programs-'));
    system = await Installation.start({ nodes: 1, images: [await imageArchive(PROGRAMS, () => {})] });
    pods = new Pods(system);
    await system.profiles.install('log-all', { defaultAction: 'SCMP_ACT_LOG' });
  });
  after(async () => {
    await system?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Starts the program in a Pod and talks to it as its clients do. */
  async function serve(pod: string, program: Program, profile: string): Promise<void> {
    const { command, files, port, talk } = program;
    const securityContext = { allowPrivilegeEscalation: false };
    await pods.create(pod, command, { profile, image: PROGRAMS.name, files, securityContext });
    await pods.untilReady(pod);
    const address = (await pods.get(pod)).status.podIP ?? '';
    // Twice: the first time is not like the others.
    try {
      for (const [request, answer] of [...talk, ...talk])
        await until(`${pod} answers`, async () => expect(await say(address, port, request, answer)).to.match(answer));
    } catch (error) {
      throw new Error(`${(error as Error).message}; it says: ${await pods.logs(pod)}`, { cause: error });
    }
  }

  for (const program of PROGRAMS_TO_CONFINE)
    it(`run under a profile made from what the kernel saw of them: ${program.name}`, async () => {
      const { name, exe } = program;
      const trace = await AuditTrace.start();
      const records = join(directory, `${name}.log`);
      try {
        await serve(`${name}-traced`, program, 'log-all');
        const mark = { exe: '/usr/bin/dash', make: () => pods.exec(`${name}-traced`, 'sh', '-c', 'exit') };
        await writeFile(records, (await trace.linesOf(exe, mark)).join('\n'));
      } finally {
        trace.stop();
      }
      const options = ['--name', name, '--runtime', 'runc', '--privilege-escalation', 'false'];
      const { stdout } = await run(process.execPath, [SECCOMP, 'generate', '--from', records, ...options]);
      await system.kubectl(['apply', '-f', '-'], stdout);
      await system.profiles.untilReady(name);
      expect(JSON.parse(await system.read('node-1', name)).defaultAction).to.equal('SCMP_ACT_ERRNO');

      await serve(name, program, name);
      const pod = await pods.get(name);
      expect(await readFile(`/proc/${await system.pid(pod)}/status`, 'utf8')).to.match(/^Seccomp:\s+2$/m);
      if (program.files['server.py'] ?? program.files['server.js']) {
        const [request, answer] = FORBIDDEN;
        expect(await say(pod.status.podIP ?? '', program.port, request, answer)).to.match(answer);
      }
    });
});

/** What a server answers, up to what is awaited or the end. */
function say(host: string, port: number, request: string, awaited: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write(request));
    let text = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.on('data', chunk => {
      text += chunk;
      if (awaited.test(text)) socket.destroy();
    });
  });
}
