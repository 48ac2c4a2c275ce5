// What a client needs for the same that does nothing else: the floors that agents are compared with.
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSpreadMs } from '../../src/core/fleet/report-spread.ts';
import { GROUP, NODE_PLURAL, RENDERED_SELECTOR, SPREAD_ANNOTATION, VERSION } from '../../src/core/names.ts';
import { bundleDigest, digestOf } from '../../src/core/profile/digest.ts';
import { compareResourceVersions } from '../../src/core/resource-version.ts';
import { resourcePath } from '../../src/kube/objects.ts';
import type { Transport } from '../../src/kube/transport.ts';
import type { ConfigMap } from '../../src/operator/rendered-configmap.ts';
import type { Arrivals } from './arrivals.ts';
import type { SimulatedNode } from './message.ts';

const CONFIG_MAP_NAME = /"name":"profile-([^"]+)"/;
const HOURS_MS = 7_200_000;

/** Watches, and does nothing with what comes. Resolves once the watch is there. */
export function watchOnly(transport: Transport, namespace: string, arrivals: Arrivals): Promise<void> {
  return watch(transport, namespace, line => arrivals.note(CONFIG_MAP_NAME.exec(line)?.[1] ?? ''));
}

/** Watches, writes each file as it has to be written, and reports once for what came together. */
export async function workOnly(transport: Transport, namespace: string, arrivals: Arrivals, node: SimulatedNode) {
  const directory = join(node.kubeletRoot, 'seccomp/operator');
  await mkdir(directory, { recursive: true });
  const handle = await open(directory);
  const files = new Map<string, string>();
  let [appliedTo, reportedTo, isReporting] = ['0', '0', false];
  const report = async (spreadMs: number) => {
    if (isReporting) return;
    isReporting = true;
    while (reportedTo !== appliedTo) {
      await sleep(spreadMs * Math.random());
      const upTo = appliedTo;
      // Where the server is too busy to answer in time it is asked again.
      const isWritten = await writeReport(transport, node.name, files, upTo).then(
        () => true,
        () => false,
      );
      if (isWritten) reportedTo = upTo;
    }
    isReporting = false;
  };
  let writing: Promise<unknown> = Promise.resolve();
  await watch(transport, namespace, line => {
    const { object } = JSON.parse(line) as { object: ConfigMap };
    const { name, annotations, resourceVersion = '' } = object.metadata;
    const profile = name.replace(/^profile-/, '');
    const text = Object.values(object.data ?? {})[0] ?? '';
    writing = writing.then(async () => {
      await writeFile(directory, `${profile}.json`, text);
      await handle.sync();
      files.set(`${profile}.json`, digestOf(text));
      if (compareResourceVersions(resourceVersion, appliedTo) > 0) appliedTo = resourceVersion;
      arrivals.note(profile);
      void report(readSpreadMs(annotations?.[SPREAD_ANNOTATION]));
    });
  });
}

async function writeFile(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `.tmp-${name}`);
  await using file = await open(temporary, 'w', 0o644);
  await file.writeFile(text);
  await file.sync();
  await rename(temporary, join(directory, name));
}

async function writeReport(
  transport: Transport,
  name: string,
  files: ReadonlyMap<string, string>,
  resourceVersion: string,
): Promise<void> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL, name });
  const bundle = { digest: bundleDigest(files), profiles: files.size, resourceVersion };
  const body = { status: { agentVersion: 'bare', architecture: 'amd64', bundle, failuresTotal: 0 } };
  await transport.request('PATCH', `${path}/status`, { contentType: 'application/merge-patch+json', body });
}

/** Resolves once all that is there has been told. */
function watch(transport: Transport, namespace: string, onObject: (line: string) => void): Promise<void> {
  const path = resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace });
  const initial = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true };
  const query = { labelSelector: RENDERED_SELECTOR, watch: true, timeoutSeconds: HOURS_MS / 1000, ...initial };
  const { promise, resolve } = Promise.withResolvers<void>();
  const onLine = (line: string) => {
    if (!line.startsWith('{"type":"BOOKMARK"')) onObject(line);
    else resolve();
  };
  const signal = new AbortController().signal;
  const begin = (): unknown =>
    transport.stream(path, { query, signal, idleTimeoutMs: HOURS_MS, onLine }).catch(() => setTimeout(begin, 1_000));
  begin();
  return promise;
}
