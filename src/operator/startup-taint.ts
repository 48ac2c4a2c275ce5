import { isTainted } from '../core/fleet/startup-taint.ts';
import type { Log } from '../core/log.ts';
import { isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { Node } from './fleet.ts';

/**
 * Takes the startup taint off a node, so that Pods may come. The list of taints is replaced as a whole (it is atomic in
 * the API), refused with a conflict when somebody else has changed the Node since it was read. False: it was not there.
 */
export async function removeStartupTaint(transport: Transport, name: string, key: string, log: Log): Promise<boolean> {
  const path = resourcePath({ group: '', version: 'v1', plural: 'nodes', name });
  try {
    const node = await transport.request<Node>('GET', path);
    const taints = node.spec?.taints ?? [];
    if (!isTainted(taints, key)) return false;
    await transport.request('PATCH', path, {
      contentType: 'application/merge-patch+json',
      body: {
        metadata: { resourceVersion: node.metadata.resourceVersion },
        spec: { taints: taints.filter(taint => taint.key !== key) },
      },
    });
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
  log.info('every profile is on the node: startup taint removed', { node: name, taint: key });
  return true;
}
