import { createHash } from 'node:crypto';

/** `sha256:<hex>` over the UTF-8 bytes: what `sha256sum` prints for the file. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

/**
 * One digest over all files of a node: SHA-256 of what `sha256sum *.json` prints in their directory, in byte order. So a
 * person can verify a node without any tool of ours: `LC_ALL=C; sha256sum *.json | sha256sum`.
 */
export function bundleDigest(files: Iterable<readonly [fileName: string, digest: string]>): string {
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([fileName, digest]) => `${digest.slice('sha256:'.length)}  ${fileName}\n`);
  return digestOf(lines.join(''));
}
