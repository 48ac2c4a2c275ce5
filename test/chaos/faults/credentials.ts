import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../../support/fault-proxy.ts';
import type { Client, World } from '../system/world.ts';
import type { Fault, Injected } from './fault.ts';

export const CREDENTIAL_FAULTS: readonly Fault[] = [
  {
    kind: 'token expired',
    share: 5,
    needs: 'API server',
    inject: async ({ world, random }) => {
      const chosen = random.some(world.clients, 3);
      for (const each of chosen) await writeFile(each.tokenFile, expiredToken(world, each));
      return replaced(world, chosen);
    },
  },
  {
    kind: 'token rotated, the older one refused',
    share: 5,
    needs: 'API server',
    inject: async ({ world, random }) => {
      const chosen = random.some(world.nodes, 3);
      for (const each of chosen) await world.giveToken(each, { newPod: true });
      for (const { link } of chosen) link.proxy.cutWatches();
      return { count: chosen.length, what: chosen.map(({ name }) => name).join(', ') };
    },
  },
  {
    kind: 'token file empty',
    share: 3,
    needs: 'API server',
    inject: async ({ world, random }) => {
      const chosen = random.some(world.nodes, 2);
      for (const each of chosen) await writeFile(each.tokenFile, '');
      return replaced(world, chosen);
    },
  },
];

/** A token is used until it is refused, or read again: the first request is refused, all others are the API server's to judge. */
function replaced(world: World, clients: readonly Client[]): Injected {
  const ends = clients.map(({ link }) => {
    let isRefused = false;
    return link.hinder((_, response) => {
      if (isRefused) return false;
      isRefused = true;
      return refuse(response, 401, 'Unauthorized');
    });
  });
  for (const { link } of clients) link.proxy.cutWatches();
  const end = async () => {
    for (const each of ends) each();
    for (const each of clients) await world.giveToken(each);
  };
  return { count: clients.length, what: clients.map(({ name }) => name).join(', '), end };
}

/** Signed with the cluster's own key, and refused for its time. */
function expiredToken({ plane }: World, { account }: Client): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://kubernetes.default.svc',
    aud: ['https://kubernetes.default.svc'],
    sub: `system:serviceaccount:${account.namespace}:${account.name}`,
    iat: now - 7200,
    nbf: now - 7200,
    exp: now - 3600,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'RS256' })}.${encode(claims)}`;
  const key = readFileSync(join(plane.directory, 'sa.key'));
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`;
}
