/** Set by the build from package.json. */
declare const SECCOMP_OPERATOR_VERSION: string | undefined;

export const VERSION = typeof SECCOMP_OPERATOR_VERSION === 'string' ? SECCOMP_OPERATOR_VERSION : 'dev';
