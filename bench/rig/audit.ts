import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';

/** A request that was answered, as the API server's audit log has it. */
export interface AuditedRequest {
  readonly user: string;
  readonly verb: string;
  /** With the subresource, if any: `seccompnodes/status`. */
  readonly resource: string;
  /** When it came, in ms since the epoch. */
  readonly at: number;
}

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string };
  readonly requestReceivedTimestamp: string;
}

const WRITING = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const ANSWERED = new Set(['ResponseComplete', 'ResponseStarted']);

/** The end of the log as it is now: where a count begins. */
export async function endOf(log: string): Promise<number> {
  return (await stat(log)).size;
}

/** Requests since that place in the log; a watch from when it is answered, not from when it ends. */
export async function requestsSince(log: string, start: number): Promise<AuditedRequest[]> {
  const requests: AuditedRequest[] = [];
  for await (const line of createInterface({ input: createReadStream(log, { start }) })) {
    const { stage, verb, user, objectRef, requestReceivedTimestamp } = JSON.parse(line) as AuditEvent;
    if (!ANSWERED.has(stage) || (stage === 'ResponseStarted') !== (verb === 'watch')) continue;
    const resource = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/');
    requests.push({ user: user.username, verb, resource, at: Date.parse(requestReceivedTimestamp) });
  }
  return requests;
}

export const isWrite = ({ verb }: AuditedRequest): boolean => WRITING.has(verb);

export const isLease = ({ resource }: AuditedRequest): boolean => resource === 'leases';

export const isOperators = ({ user }: AuditedRequest): boolean =>
  user.startsWith(`system:serviceaccount:${OPERATOR_NAMESPACE}:`);

export const isAgents = ({ user }: AuditedRequest): boolean =>
  user.startsWith(`system:serviceaccount:${AGENT_NAMESPACE}:`);

/** Waits for so long a time in which ours wrote nothing but Leases. */
export async function untilQuiet(log: string, quietMs: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const start = await endOf(log);
    await new Promise(resolve => setTimeout(resolve, quietMs));
    const requests = await requestsSince(log, start);
    if (!requests.some(each => (isOperators(each) || isAgents(each)) && isWrite(each) && !isLease(each))) return;
  }
  throw new Error(`not within ${timeoutMs / 1000} s: ${quietMs / 1000} s without a write`);
}
