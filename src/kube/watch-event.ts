import { parseExact } from '../core/json/exact.ts';
import { ApiError, type Status } from './errors.ts';
import type { KubeObject } from './objects.ts';

/** One line of a watch. A bookmark says only how far the watch has come. */
export type WatchEvent<K extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: K; readonly resourceVersion: string }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly endsList: boolean };

/** A line that is no event. The watch has to be taken up again from the last one that was. */
export class WatchLineError extends Error {
  override readonly name = 'WatchLineError';
}

/** Throws {@link WatchLineError} for a line it cannot read, {@link ApiError} for an ERROR event, whose object is a Status. */
export function readWatchEvent<K extends KubeObject>(line: string, request: string): WatchEvent<K> {
  const { type, object } = parseLine(line, request);
  if (type === 'ERROR') throw new ApiError(request, (object as Status).code ?? 500, object as Status);
  const { metadata } = object as K;
  const resourceVersion = metadata?.resourceVersion;
  if (!resourceVersion) throw new WatchLineError(`${request}: an event of type ${type} without a resourceVersion`);
  // KEP-3157: the bookmark after the last object of a list that came as a stream.
  if (type === 'BOOKMARK') {
    return { type, resourceVersion, endsList: metadata.annotations?.['k8s.io/initial-events-end'] === 'true' };
  }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
    return { type, object: object as K, resourceVersion };
  throw new WatchLineError(`${request}: an event of unknown type ${type}`);
}

function parseLine(line: string, request: string): { type: string; object: unknown } {
  try {
    const event = parseExact(line) as { type?: unknown; object?: unknown } | null;
    if (typeof event?.type === 'string' && event.object) return { type: event.type, object: event.object };
  } catch (cause) {
    throw new WatchLineError(`${request}: a line that is not JSON`, { cause });
  }
  throw new WatchLineError(`${request}: a line that is not a watch event`);
}
