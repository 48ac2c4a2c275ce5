import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../system/world.ts';
import type { Fault } from './fault.ts';

/** A leader that was killed could not give its lease back: the other one waits for its end. */
const TAKE_OVER_MS = 60_000;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    kind: 'agent killed (SIGKILL)',
    share: 20,
    needs: 'private copies',
    inject: async ({ world, random }) => {
      const killed = random.some(world.nodes);
      for (const node of killed) await world.kill(node);
      return { count: killed.length, what: names(killed), end: () => startAll(killed) };
    },
  },
  {
    kind: 'agent killed again and again while it starts',
    share: 5,
    needs: 'private copies',
    inject: async ({ world, random }) => {
      const node = random.pick(world.nodes);
      const times = random.between(2, 5);
      for (let at = 0; at < times; at++) {
        await world.kill(node);
        node.start();
        await sleep(random.between(50, 400));
      }
      return { count: times, what: node.name };
    },
  },
  {
    kind: 'agent ended (SIGTERM)',
    share: 5,
    needs: 'private copies',
    inject: async ({ world, random }) => {
      const ended = random.some(world.nodes, 2);
      for (const node of ended) await world.end(node);
      return { count: ended.length, what: names(ended), end: () => startAll(ended) };
    },
  },
  {
    kind: 'agent stopped (SIGSTOP) for a while',
    share: 8,
    inject: async ({ world, random }) => {
      const stopped = random.some(world.nodes, 2);
      for (const { process } of stopped) process.pause();
      return {
        count: stopped.length,
        what: names(stopped),
        end: () => {
          for (const { process } of stopped) process.resume();
        },
      };
    },
  },
  {
    kind: 'leading operator killed (SIGKILL)',
    share: 2,
    withinMs: TAKE_OVER_MS,
    needs: 'API server',
    inject: async ({ world }) => {
      const leader = await world.leader();
      if (!leader) return { count: 0, what: 'nobody leads' };
      await world.kill(leader);
      return { count: 1, what: leader.name, end: () => leader.start() };
    },
  },
  {
    kind: 'leading operator ended (SIGTERM)',
    share: 5,
    needs: 'API server',
    inject: async ({ world }) => {
      const leader = await world.leader();
      if (!leader) return { count: 0, what: 'nobody leads' };
      await world.end(leader);
      return { count: 1, what: leader.name, end: () => leader.start() };
    },
  },
  {
    kind: 'waiting operator killed (SIGKILL)',
    share: 6,
    needs: 'API server',
    inject: async ({ world }) => {
      const leader = await world.leader();
      const [waiting] = world.operators.filter(each => each !== leader) as [Client];
      await world.kill(waiting);
      return { count: 1, what: waiting.name, end: () => waiting.start() };
    },
  },
  {
    kind: 'leading operator stopped (SIGSTOP) for a while',
    share: 4,
    needs: 'API server',
    inject: async ({ world }) => {
      const leader = await world.leader();
      leader?.process.pause();
      return { count: leader ? 1 : 0, what: leader?.name ?? 'nobody', end: () => leader?.process.resume() };
    },
  },
  {
    kind: 'leading operator stopped until another leads, then continued',
    share: 1,
    needs: 'API server',
    withinMs: TAKE_OVER_MS,
    inject: async ({ world }) => {
      const leader = await world.leader();
      if (!leader) return { count: 0, what: 'nobody leads' };
      leader.process.pause();
      await world.otherLeads(leader);
      return { count: 1, what: leader.name, end: () => leader.process.resume() };
    },
  },
  {
    kind: 'API server killed (SIGKILL)',
    share: 3,
    takes: 'API server',
    inject: async ({ world }) => {
      await world.plane.apiserver.kill();
      return { count: 1, what: '', end: () => world.plane.restartApiserver() };
    },
  },
  {
    kind: 'API server stopped (SIGSTOP) for a while',
    share: 5,
    takes: 'API server',
    inject: async ({ world, random }) => {
      world.plane.apiserver.pause();
      await sleep(random.between(0, 3_000));
      return { count: 1, what: '', end: () => world.plane.apiserver.resume() };
    },
  },
  {
    kind: 'etcd killed (SIGKILL)',
    share: 5,
    takes: 'API server',
    inject: async ({ world }) => {
      await world.plane.restartEtcd();
      return { count: 1, what: '' };
    },
  },
  {
    kind: 'etcd stopped (SIGSTOP) for a while',
    share: 4,
    takes: 'API server',
    inject: async ({ world, random }) => {
      world.plane.etcdProcess.pause();
      await sleep(random.between(0, 2_000));
      return { count: 1, what: '', end: () => world.plane.etcdProcess.resume() };
    },
  },
];

const names = (clients: readonly Client[]) => clients.map(({ name }) => name).join(', ');

function startAll(clients: readonly Client[]): void {
  for (const each of clients) each.start();
}
