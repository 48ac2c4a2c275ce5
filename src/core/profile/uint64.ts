import { ProfileError } from './errors.ts';

export const UINT64_MAX = 2n ** 64n - 1n;

const DECIMAL = /^\d{1,20}$/;
const HEXADECIMAL = /^0[xX][0-9a-fA-F]{1,16}$/;

/**
 * An argument's value as the kernel compares it: 64 bits without sign (seccomp(2), `struct seccomp_data`). A string is
 * decimal or hexadecimal. Throws {@link ProfileError} naming the field.
 */
export function parseUint64(value: number | string, field: string): bigint {
  const text = String(value);
  const readable = DECIMAL.test(text) || HEXADECIMAL.test(text);
  const number = readable ? BigInt(text) : -1n;
  if (number >= 0n && number <= UINT64_MAX) return number;
  throw new ProfileError(
    'InvalidSpec',
    `${field}: ${JSON.stringify(value)} is no unsigned 64-bit integer; write 0 to ${UINT64_MAX}, quoted when above ${2n ** 63n - 1n}, or "0x" and up to 16 hexadecimal digits`,
  );
}
