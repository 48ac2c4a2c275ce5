import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { failWatch, type Interceptor, refuse } from '../../support/fault-proxy.ts';
import type { Random } from '../system/random.ts';
import type { Client } from '../system/world.ts';
import type { Fault, Injected } from './fault.ts';

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    kind: 'watches cut in the middle of a line',
    share: 20,
    inject: async ({ world, random }) => {
      const cut = random.some(world.clients);
      for (const { link } of cut) link.proxy.cutWatches();
      return { count: cut.length, what: names(cut) };
    },
  },
  storm('429 answers with Retry-After', 8, (_, response) => {
    response.setHeader('retry-after', '1');
    return refuse(response, 429, 'TooManyRequests');
  }),
  storm('500 answers', 8, (_, response) => refuse(response, 500, 'InternalError')),
  storm('503 answers in plain text', 4, (_, response) => {
    response.writeHead(503).end('no healthy upstream');
    return true;
  }),
  storm('409 answers to writes', 8, ({ method }, response) => method !== 'GET' && refuse(response, 409, 'Conflict')),
  storm('403 answers', 3, (_, response) => refuse(response, 403, 'Forbidden')),
  storm(
    '410 to watches, as an answer',
    5,
    ({ query }, response) => query.has('watch') && refuse(response, 410, 'Expired'),
  ),
  storm(
    '410 to watches, as an event',
    5,
    ({ query }, response) => query.has('watch') && failWatch(response, 410, 'Expired'),
  ),
  storm('watches that end at once', 4, ({ query }, response) => {
    if (!query.has('watch')) return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end();
    return true;
  }),
  storm('answers that are no JSON', 4, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"kind":"Status","metadata":{');
    return true;
  }),
  storm('connections reset', 8, (_, response) => {
    response.socket?.destroy();
    return true;
  }),
  storm('slow answers', 8, async (_, __, random) => {
    await sleep(random.between(50, 1_500));
    return false;
  }),
  {
    kind: 'answers to writes lost',
    share: 8,
    inject: async ({ world, random }) => {
      const chosen = random.some(world.clients);
      for (const { link } of chosen) link.proxy.losesAnswers = true;
      const end = () => {
        for (const { link } of chosen) link.proxy.losesAnswers = false;
      };
      return { count: chosen.length, what: names(chosen), end };
    },
  },
  {
    // Noticed when no byte has come for 90 s, or a call for 15 s: nobody else would know.
    kind: 'half-open connections: nothing comes any more',
    share: 0.4,
    withinMs: 150_000,
    inject: async ({ world, random }) => {
      const chosen = random.some(world.clients);
      for (const { link } of chosen) link.proxy.freezeWatches();
      return { count: chosen.length, what: names(chosen) };
    },
  },
  {
    kind: 'calls that are never answered',
    share: 2,
    inject: async ({ world, random }) => {
      const chosen = random.some(world.clients, 2);
      return hinderAll(chosen, () => true, random);
    },
  },
];

type Doing = (...of: [...Parameters<Interceptor>, Random]) => boolean | Promise<boolean>;

/** For a while, every request of some clients meets this. */
function storm(kind: string, share: number, doing: Doing): Fault {
  return { kind, share, inject: async ({ world, random }) => hinderAll(random.some(world.clients), doing, random) };
}

function hinderAll(clients: readonly Client[], doing: Doing, random: Random): Injected {
  const ends = clients.map(({ link }) =>
    link.hinder((seen, response: ServerResponse) => doing(seen, response, random)),
  );
  // Whoever has a watch does not ask: it is to ask again.
  for (const { link } of clients) link.proxy.cutWatches();
  return {
    count: clients.length,
    what: names(clients),
    end: () => {
      for (const end of ends) end();
    },
  };
}

const names = (clients: readonly Client[]) => clients.map(({ name }) => name).join(', ');
