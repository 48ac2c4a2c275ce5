/** A metav1.Status, the body of every refusal by an API server. */
export interface Status {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

/** The API server answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code. */
  readonly status: number;
  /** Machine-readable reason of the Status ("NotFound", "Conflict", "Expired"), or "Unknown". */
  readonly reason: string;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Reasons of the Status' causes. */
  readonly causes: readonly string[];

  constructor(request: string, status: number, body: Status, retryAfterMs?: number) {
    const said = body.message ?? `HTTP ${status}`;
    super([`${request}: ${said}`, ADVICE[status]].filter(Boolean).join('; '));
    this.status = status;
    this.reason = body.reason ?? 'Unknown';
    this.causes = body.details?.causes?.map(cause => cause.reason ?? '') ?? [];
    const wait = retryAfterMs ?? secondsToMs(body.details?.retryAfterSeconds);
    if (wait !== undefined) this.retryAfterMs = wait;
  }
}

/** No answer, or a broken one: refused or reset connections, deadlines, certificates, unreadable bodies. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /**
   * Node's error code ("ECONNREFUSED"), or "CONNECT_TIMEOUT", "HEADER_TIMEOUT", "CALL_TIMEOUT", "IDLE_TIMEOUT", "BAD_BODY", "FENCED",
   * "CLOSED".
   */
  readonly code: string;

  constructor(request: string, code: string, problem: string, cause?: unknown) {
    super(`${request}: ${problem}`, { cause });
    this.code = code;
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'the credentials are missing, expired or of another cluster: check the service-account token or the kubeconfig',
  403: 'grant it by a ClusterRole or Role: `kubectl auth can-i` with --as shows what this identity may do',
};

export const isNotFound = (error: unknown): error is ApiError => hasStatus(error, 404);

/** The object is newer than the resourceVersion that was sent, or a precondition failed. */
export const isConflict = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason !== 'AlreadyExists';

export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason === 'AlreadyExists';

/** An admission policy, a schema or RBAC says no to what was asked, and will again. */
export const isRefusal = (error: unknown): error is ApiError => hasStatus(error, 403) || hasStatus(error, 422);

/** A resourceVersion or continue token that is too old to go on from. */
export const isGone = (error: unknown): error is ApiError => hasStatus(error, 410);

/** A resourceVersion that this server has not seen yet: another etcd, or one restored from a backup. */
export const isFromTheFuture = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  (error.causes.includes('ResourceVersionTooLarge') || error.message.includes('Too large resource version'));

/** A server is there: it does not do this for us, now or ever. */
export const isAnswer = (error: unknown): boolean => error instanceof ApiError && error.status < 500;

/** A stream began, and then nothing came for too long. */
export const isSilence = (error: unknown): boolean => error instanceof ConnectionError && error.code === 'IDLE_TIMEOUT';

function hasStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds ? seconds * 1000 : undefined;
}
