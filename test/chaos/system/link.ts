import type { ServerResponse } from 'node:http';
import type { ControlPlane } from '../../rig/control-plane.ts';
import { FaultProxy, type Interceptor, type Seen } from '../../support/fault-proxy.ts';

/** One client's way to the API server, on which things happen. */
export class Link {
  readonly client: string;
  readonly proxy: FaultProxy;
  readonly #hindrances = new Set<Interceptor>();

  static async open(client: string, plane: ControlPlane): Promise<Link> {
    return new Link(client, await FaultProxy.before(plane));
  }

  private constructor(client: string, proxy: FaultProxy) {
    this.client = client;
    this.proxy = proxy;
    proxy.intercept = (seen, response) => this.#intercept(seen, response);
  }

  get server(): string {
    return this.proxy.credentials.server.href;
  }

  /** Until what is returned is called. */
  hinder(interceptor: Interceptor): () => void {
    this.#hindrances.add(interceptor);
    return () => this.#hindrances.delete(interceptor);
  }

  async #intercept(seen: Seen, response: ServerResponse): Promise<boolean> {
    // Of thousands of faults not all requests are to be kept.
    this.proxy.requests.length = 0;
    for (const hindrance of this.#hindrances) if (await hindrance(seen, response)) return true;
    return false;
  }
}
