// Stands in the bundles for what client-node and dot-i import and our use of them never calls: their HTTP clients (undici,
// gaxios with its own fetch) and the generated API, 2.5 MB of code and 8 MB of memory. Whoever calls it after all learns that.
export class Agent {
  constructor() {
    throw new Error('requests go through src/kube/transport.ts: this HTTP client is not in the bundle');
  }
}
export { Agent as ProxyAgent };

/** What dot-i takes of gaxios. */
export const instance = {
  request: () => Promise.reject(new Error('requests go through src/kube/transport.ts: gaxios is not in the bundle')),
};

/** dot-i makes clients when it is constructed; they are never used. */
export class ServerConfiguration {}
export function createConfiguration() {
  return {};
}
