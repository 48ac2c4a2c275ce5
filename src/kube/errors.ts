/** The fields of a meta/v1 Status that are read here: the API server's way of saying why not. */
export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The API server answered, with a refusal. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** Machine-readable: `NotFound`, `Conflict`, ... Empty where the server gave none. */
  readonly reason: string;
  /** How long the server asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(request: string, status: number, { reason = '', message = '', details }: Status, retryAfterMs?: number) {
    super(`${request}: ${status} ${message || reason || 'without a reason'}${advice(status)}`);
    this.status = status;
    this.reason = reason;
    const wait = retryAfterMs ?? (details?.retryAfterSeconds ? details.retryAfterSeconds * 1000 : undefined);
    if (wait !== undefined) this.retryAfterMs = wait;
  }
}

/** No answer, or a part of one: refused, timed out, cut off, or closed by ourselves. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Of the system (`ECONNREFUSED`), of TLS (`CERT_HAS_EXPIRED`), or `TIMEOUT`, `IDLE`, `CLOSED`. */
  readonly code: string;

  constructor(request: string, code: string, message: string, cause?: unknown) {
    super(`${request}: ${message}`, { cause });
    this.code = code;
  }
}

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);

/** The object changed since it was read. A name that is taken is {@link isAlreadyExists}. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409) && !isAlreadyExists(error);

export const isAlreadyExists = (error: unknown): boolean => error instanceof ApiError && error.reason === 'AlreadyExists';

/** The resource version, or the list's continue token, is older than what the server remembers. */
export const isGone = (error: unknown): boolean =>
  hasStatus(error, 410) || (error instanceof ApiError && (error.reason === 'Expired' || error.reason === 'Gone'));

const hasStatus = (error: unknown, status: number): boolean => error instanceof ApiError && error.status === status;

function advice(status: number): string {
  if (status === 401) return ' (the token or client certificate is not valid here, or has expired: renew it)';
  if (status === 403) return ' (grant it by RBAC: "kubectl auth can-i --list" shows what this identity may do)';
  return '';
}
