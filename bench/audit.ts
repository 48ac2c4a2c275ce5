import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** A call that changed something, or tried to, as the API server's audit log has it. */
export interface Write {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
}

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string };
}

const WRITING = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** The end of the log as it is now: where a count begins. */
export async function endOf(log: string): Promise<number> {
  return (await stat(log)).size;
}

/** Writes answered since that place in the log. */
export async function writesSince(log: string, start: number): Promise<Write[]> {
  const writes: Write[] = [];
  for await (const line of createInterface({ input: createReadStream(log, { start }) })) {
    const { stage, verb, user, objectRef } = JSON.parse(line) as AuditEvent;
    if (stage !== 'ResponseComplete' || !WRITING.has(verb)) continue;
    const resource = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/');
    writes.push({ user: user.username, verb, resource });
  }
  return writes;
}
