import type { Progress } from '../cache.ts';
import { requirePackages } from '../debian.ts';

/** What a cluster needs of the machine; says what is missing, and installs what can be. */
export async function checkMachine(progress: Progress): Promise<void> {
  if (process.platform !== 'linux') throw new Error('a cluster with real nodes needs Linux');
  if (process.getuid?.() !== 0)
    throw new Error(
      'a cluster with real nodes needs root (namespaces, control groups, mounts). ' +
        'Run it as root, or leave the end-to-end tests out: SECCOMP_OPERATOR_E2E=off',
    );
  const programs = { iproute2: '/sbin/ip', nftables: '/usr/sbin/nft', openssl: '/usr/bin/openssl' };
  await requirePackages(programs, progress);
}
