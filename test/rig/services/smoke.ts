// Asks a server, as its client would, whether it works. Runs in the servers' network namespace: reads lines such as
// "redis 6379", and answers each with "ok" or with what is wrong.
import { once } from 'node:events';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

type Check = (port: number) => Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = { ping: async () => undefined, http, redis, postgres };
const DEADLINE_MS = 20_000;

for await (const line of createInterface({ input: process.stdin })) {
  const [name = '', port = '0'] = line.split(' ');
  console.log(await answer(CHECKS[name] as Check, Number(port)));
}

/** Servers need time to listen: until then nobody answers. */
async function answer(check: Check, port: number): Promise<string> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    try {
      await check(port);
      return 'ok';
    } catch (error) {
      if (Date.now() > end) return (error as Error).message || String(error);
      await sleep(20);
    }
  }
}

async function http(port: number): Promise<void> {
  const bodies = await Promise.all(Array.from({ length: 8 }, () => body(port)));
  if (bodies.some(text => text !== 'hello\n')) throw new Error(`another answer: ${bodies.join()}`);
}

function body(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path: '/hello.txt', agent: false, timeout: 5_000 }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 5 s'))).on('error', reject);
  });
}

/** Stores, reads back, and saves to disk, for which the server forks. */
async function redis(port: number): Promise<void> {
  const say = async (socket: Socket, line: string): Promise<string> => {
    socket.write(`${line}\r\n`);
    const [text] = await once(socket, 'data');
    return String(text);
  };
  await connected(port, async socket => {
    expectAnswer(await say(socket, 'SET key value'), '+OK');
    expectAnswer(await say(socket, 'GET key'), 'value');
    expectAnswer(await say(socket, 'BGSAVE'), 'saving');
    const isSaved = async () => (await say(socket, 'INFO persistence')).includes('rdb_bgsave_in_progress:0');
    while (!(await isSaved())) await sleep(10);
    expectAnswer(await say(socket, 'INFO persistence'), 'rdb_last_bgsave_status:ok');
  });
}

/** PostgreSQL's protocol, version 3: a start-up message, then a query; "C" completes a command, "E" is an error. */
async function postgres(port: number): Promise<void> {
  await connected(port, async socket => {
    const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0');
    const head = Buffer.alloc(8);
    head.writeInt32BE(parameters.length + 8);
    head.writeInt32BE(196_608, 4);
    socket.write(Buffer.concat([head, parameters]));
    await until(socket, 'Z');
    const sql = 'create temp table t as select generate_series(1, 1000) as n; select sum(n) from t; checkpoint\0';
    const query = Buffer.alloc(5);
    query.write('Q');
    query.writeInt32BE(sql.length + 4, 1);
    socket.write(Buffer.concat([query, Buffer.from(sql)]));
    expectAnswer(await until(socket, 'Z'), '500500');
    socket.write(Buffer.from([0x58, 0, 0, 0, 4]));
  });
}

/** Everything up to a message of that type, the last one of what came. */
async function until(socket: Socket, type: string): Promise<string> {
  let data = Buffer.alloc(0);
  for (;;) {
    const [part] = (await once(socket, 'data')) as [Buffer];
    data = Buffer.concat([data, part]);
    const types: string[] = [];
    for (let at = 0; at + 5 <= data.length; at += 1 + data.readInt32BE(at + 1))
      types.push(String.fromCharCode(data[at] ?? 0));
    if (types.includes('E')) throw new Error(`the server says ${data.toString('latin1')}`);
    if (types.includes(type)) return data.toString('latin1');
  }
}

async function connected(port: number, use: (socket: Socket) => Promise<void>): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in 10 s')));
    const closed = once(socket, 'close').then(() => Promise.reject(new Error('the server closed the connection')));
    await Promise.race([use(socket), closed]);
  } finally {
    socket.destroy();
  }
}

function expectAnswer(text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`${JSON.stringify(text)} does not have ${part}`);
}
