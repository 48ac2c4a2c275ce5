import { execFile } from 'node:child_process';
import type { ControlPlane, Finished } from './control-plane.ts';
import { findHelm } from './helm.ts';

/** Runs helm as the administrator of a cluster, with no settings of this machine's user. */
export async function runHelm(plane: ControlPlane, args: readonly string[]): Promise<Finished> {
  const helm = await findHelm(() => {});
  const home = Object.fromEntries(['CACHE', 'CONFIG', 'DATA'].map(each => [`HELM_${each}_HOME`, plane.directory]));
  const env = { ...process.env, ...home, KUBECONFIG: plane.kubeconfig };
  return new Promise(resolve => {
    execFile(helm, args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}
