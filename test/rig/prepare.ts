import { eioProgram } from '../chaos/system/disk.ts';
import { findBinaries, kubernetesVersions } from './binaries.ts';
import { findCriO } from './cri-o-binaries.ts';
import { findHelm } from './helm.ts';
import { imageArchive } from './images/images.ts';
import { operatorImage } from './images/operator.ts';
import { BUSYBOX, PAUSE, PROGRAMS } from './images/recipes.ts';
import { findNodeBinaries } from './node-binaries.ts';
import { findPromtool } from './promtool.ts';

const progress = (line: string) => console.error(`  ${line}`);

/** Gets what tests run before any of them waits for it, so that its progress is seen. */
console.error(`Helm: ${await findHelm(progress)}`);
console.error(`promtool: ${await findPromtool(progress)}`);
const [, ...older] = await kubernetesVersions();
for (const kubernetes of older) {
  const { source, directory } = await findBinaries(progress, { kubernetes });
  console.error(`Kubernetes ${kubernetes}: ${source} (${directory})`);
}
if (process.env['SECCOMP_OPERATOR_E2E'] === 'off') {
  const { source, directory } = await findBinaries(progress);
  console.error(`Kubernetes: ${source} (${directory}); SECCOMP_OPERATOR_E2E=off: no tests on real nodes`);
} else {
  const { source, directory } = await findBinaries(progress, { programs: 'cluster' });
  console.error(`Kubernetes: ${source} (${directory})`);
  // Without root the tests on real nodes say so themselves, one by one.
  if (process.getuid?.() === 0) {
    console.error(`containerd, runc: ${await findNodeBinaries(progress)}`);
    console.error(`CRI-O: ${await findCriO(progress)}`);
    for (const recipe of [PAUSE, BUSYBOX, PROGRAMS]) await imageArchive(recipe, progress);
    console.error(`a file system that fails: ${await eioProgram(progress)}`);
    const { name, archive } = await operatorImage(progress);
    console.error(`image: ${name} (${archive})`);
  }
}
