import { findBinaries } from './binaries.ts';

/** Gets Kubernetes before any test waits for it, so that its progress is seen. */
const { source, directory } = await findBinaries(line => console.error(`  ${line}`));
console.error(`Kubernetes: ${source} (${directory})`);
