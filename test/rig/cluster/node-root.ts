import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a node's programs are, in its own root. */
export const NODE_PROGRAMS = '/opt/node/bin';
export const KUBE_PROGRAMS = '/opt/kubernetes/bin';
export const NETWORK_PLUGINS = '/opt/cni/bin';

/** What a node's files start with. The machine's programs and libraries are added read-only when it is entered. */
export async function makeNodeRoot(root: string, networkNamespace: string): Promise<void> {
  const own = [
    'etc/cni/net.d',
    NETWORK_PLUGINS,
    'etc/kubernetes',
    'root',
    'run',
    'tmp',
    'var/lib',
    'var/log',
    'var/tmp',
  ];
  const mounted = ['usr', 'proc', 'sys', 'dev', 'machine', NODE_PROGRAMS, KUBE_PROGRAMS];
  for (const directory of [...own, ...mounted]) await mkdir(join(root, directory), { recursive: true, mode: 0o755 });
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  // No name server runs here: a name is refused at once.
  await writeFile(join(root, 'etc/resolv.conf'), 'nameserver 127.0.0.1\n');
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
  // Pods are joined to the cluster's network, in whichever one containerd is.
  for (const plugin of ['bridge', 'host-local', 'loopback']) {
    const script = `#!/bin/sh\nexec nsenter --net=${networkNamespace} -- ${NODE_PROGRAMS}/cni/${plugin}\n`;
    await writeFile(join(root, NETWORK_PLUGINS, plugin), script, { mode: 0o755 });
  }
  for (const file of ['os-release', 'ld.so.cache', 'nsswitch.conf'])
    await copyFile(join('/etc', file), join(root, 'etc', file)).catch(() => {});
}

/**
 * A script for sh that makes a mount namespace that root (mount_namespaces(7), pivot_root(2)), then runs the rest of its
 * arguments: a node has its own /etc, /run, /tmp and /var, and sees of the machine only programs, devices and the kernel.
 * Arguments: the root, Kubernetes' programs, the node's programs, the command.
 */
export const ENTER_NODE_ROOT = `
set -eu
root=$1 kube=$2 node=$3
shift 3
mount --bind "$root" "$root"
cd "$root"
mount --bind -o ro /usr usr
for name in bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then
    [ -L "$name" ] || cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then
    mkdir -p "$name"
    mount --bind -o ro "/$name" "$name"
  fi
done
for name in proc sys dev; do mount --rbind "/$name" "$name"; done
mount --bind -o ro "$kube" .${KUBE_PROGRAMS}
mount --bind -o ro "$node" .${NODE_PROGRAMS}
pivot_root . machine
cd /
umount -l /machine
mount --make-rshared /
exec "$@"
`;
