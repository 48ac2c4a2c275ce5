import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '../../src/kube/errors.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { ControlPlane } from '../rig/control-plane.ts';

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

interface ApiResources {
  readonly resources: readonly { readonly name: string; readonly namespaced: boolean }[];
}

/** HTTP status of one request with a bearer token. */
export async function requestWith(
  plane: ControlPlane,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<number> {
  return withToken(plane, token, async transport => {
    try {
      await transport.request(method, path, { body, contentType: 'application/merge-patch+json' });
      return 200;
    } catch (error) {
      if (error instanceof ApiError) return error.status;
      throw error;
    }
  });
}

/** Everything that RBAC lets a token do, asked of the API server verb by verb for every resource that it serves. */
export async function allowedOf(plane: ControlPlane, token: string, namespaces: readonly string[]): Promise<string[]> {
  return withToken(plane, token, async transport => {
    const allowed: string[] = [];
    for (const { group, name, namespaced } of await everyResource(plane))
      for (const namespace of namespaced ? namespaces : [''])
        for (const verb of VERBS) {
          const [resource, subresource = ''] = name.split('/') as [string, string?];
          const resourceAttributes = { group, resource, subresource, namespace, verb };
          const body = {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SelfSubjectAccessReview',
            spec: { resourceAttributes },
          };
          const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
          const { status } = await transport.request<{ status: { allowed: boolean } }>('POST', path, { body });
          const named = `${resource}${group && `.${group}`}${subresource && `/${subresource}`}`;
          if (status.allowed) allowed.push(`${verb} ${named}${namespace && ` in ${namespace}`}`);
        }
    return allowed;
  });
}

async function everyResource(plane: ControlPlane) {
  const { groups } = await plane.get<{ groups: { name: string; preferredVersion: { groupVersion: string } }[] }>(
    '/apis',
  );
  const versions = groups.map(({ name, preferredVersion }) => ({
    group: name,
    path: `/apis/${preferredVersion.groupVersion}`,
  }));
  const found = [{ group: '', path: '/api/v1' }, ...versions].map(async ({ group, path }) =>
    (await plane.get<ApiResources>(path)).resources.map(({ name, namespaced }) => ({ group, name, namespaced })),
  );
  return (await Promise.all(found)).flat();
}

async function withToken<T>(
  plane: ControlPlane,
  token: string,
  work: (transport: Transport) => Promise<T>,
): Promise<T> {
  const path = join(plane.directory, 'token.kubeconfig');
  await writeFile(path, plane.kubeconfigText('token', { token }, plane.caFile), { mode: 0o600 });
  const transport = new Transport({ credentials: await kubeconfigCredentials(path), userAgent: 'test' });
  try {
    return await work(transport);
  } finally {
    transport.close();
  }
}
