import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';

/** Why a program is not ready, in words for whoever reads the probe's answer; nothing when it is. */
export type Readiness = () => string | undefined;

export interface StatusServer {
  /** The port that was bound; 0 when there is no server. */
  readonly port: number;
  close(): Promise<void>;
}

/** `/healthz` (the process answers), `/readyz` (it does its work), `/metrics`. Port 0: no server at all. */
export async function serveStatus(port: number, metrics: Metrics, ready: Readiness): Promise<StatusServer> {
  if (port === 0) return { port: 0, close: async () => {} };
  const server = createServer((request, response) => {
    const [status, body] = answer(request.url ?? '/', metrics, ready);
    response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
  });
  await listen(server, port);
  return { port, close: () => close(server) };
}

function answer(url: string, metrics: Metrics, ready: Readiness): [number, string] {
  if (url === '/healthz') return [200, 'ok\n'];
  if (url === '/metrics') return [200, metrics.render()];
  if (url !== '/readyz') return [404, 'see /healthz, /readyz, /metrics\n'];
  const problem = ready();
  return problem ? [503, `${problem}\n`] : [200, 'ok\n'];
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new Error(`--metrics-port ${port}: ${error.message}`)));
    server.listen(port, () => resolve());
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(resolve => server.close(() => resolve()));
}
