import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The same bytes for the same files: order, owners and times are given, not found. */
const REPRODUCIBLE = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=gnu'];

/** An OCI image layout (image-spec, image-layout.md) in a tar file, of one layer that holds a directory. */
export async function writeArchive(file: string, name: string, config: ImageConfig, root: string): Promise<void> {
  const layout = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    const blobs = join(layout, 'blobs/sha256');
    await mkdir(blobs, { recursive: true });
    const layer = await directoryBlob(blobs, root);
    const image = await jsonBlob(blobs, 'application/vnd.oci.image.config.v1+json', {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    });
    const manifest = await jsonBlob(blobs, 'application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: image,
      layers: [layer],
    });
    // containerd goes by the first annotation, others by the specification's.
    const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
    await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await writeFile(
      join(layout, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    );
    await tar(`${file}.new`, layout);
    await rename(`${file}.new`, file);
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

async function directoryBlob(blobs: string, directory: string): Promise<Descriptor> {
  const file = join(blobs, 'layer');
  await tar(file, directory);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const hex = hash.digest('hex');
  const { size } = await stat(file);
  await rename(file, join(blobs, hex));
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${hex}`, size };
}

async function jsonBlob(blobs: string, mediaType: string, value: object): Promise<Descriptor> {
  const data = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(data).digest('hex');
  await writeFile(join(blobs, hex), data);
  return { mediaType, digest: `sha256:${hex}`, size: data.length };
}

async function tar(file: string, directory: string): Promise<void> {
  await run('tar', [...REPRODUCIBLE, '-C', directory, '-cf', file, '.']);
}
