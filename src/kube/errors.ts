/** The API server answered, and refused. */
export class ApiError extends Error {
  readonly status: number;
  /** `reason` of the Status object, such as NotFound or Conflict. */
  readonly reason: string;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(what: string, status: number, body: string, retryAfterSeconds?: string) {
    const { reason = '', message = body.slice(0, 300) } = readStatus(body);
    super(`${what}: ${status} ${message}${ADVICE[status] ?? ''}`);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterSeconds ? Number(retryAfterSeconds) * 1000 || undefined : undefined;
  }
}

/** There was no answer, or it broke off. */
export class ConnectionError extends Error {
  readonly code: string | undefined;

  constructor(what: string, cause: Error & { code?: string }) {
    super(`${what}: ${cause.message || cause.code}`, { cause });
    this.code = cause.code;
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  401: ' (the token or certificate is not accepted: is it expired, or of another cluster?)',
  403: ' (are the roles of manifests/base/rbac installed?)',
};

function readStatus(body: string): { reason?: string; message?: string } {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

const hasStatus = (error: unknown, status: number) => error instanceof ApiError && error.status === status;

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
export const isGone = (error: unknown): boolean => hasStatus(error, 410);
export const isAlreadyExists = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'AlreadyExists';
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.reason === 'Conflict';
