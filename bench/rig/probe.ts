import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { now } from '../fleet/message.ts';
import { isReady, PROFILES_PATH } from './profiles.ts';

/** When a watch, opened now, shows that Ready is True of a generation of the profile from `generation` on. */
export async function readyAt(transport: Transport, name: string, generation = 1): Promise<number> {
  const found = new AbortController();
  let at = 0;
  const reading = transport.stream(PROFILES_PATH, {
    query: { watch: true, fieldSelector: `metadata.name=${name}`, timeoutSeconds: 600 },
    signal: found.signal,
    idleTimeoutMs: 600_000,
    onLine: line => {
      const { object } = JSON.parse(line) as { object: SeccompProfile };
      if (!isReady(object) || (object.metadata.generation ?? 0) < generation) return;
      at ||= now();
      found.abort();
    },
  });
  await reading.catch(error => {
    if (!found.signal.aborted) throw error;
  });
  return at;
}
