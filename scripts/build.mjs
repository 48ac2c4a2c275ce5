// Bundles each program into one CommonJS file: loading one file costs the agent less memory than many, and `require` of
// node:https less than `import` of it (docs/decisions/0003-thin-agent.md).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

mkdirSync('dist', { recursive: true });
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
const { metafile } = await build({
  metafile: true,
  entryPoints: { operator: 'src/operator/main.ts', agent: 'src/agent/main.ts', 'kubectl-seccomp': 'src/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  minifySyntax: true,
  loader: { '.yaml': 'text' },
  alias: { '@kubernetes/client-node': './src/kube/client-node/library.js' },
  define: { SECCOMP_OPERATOR_VERSION: JSON.stringify(version) },
  legalComments: 'linked',
  logLevel: 'warning',
});
writeFileSync('dist/bundled-packages.json', `${JSON.stringify(packagesIn(metafile), null, 2)}\n`);

/** Directories of the packages of which anything is in a bundle, for the bill of materials. */
function packagesIn({ outputs }) {
  const inputs = Object.values(outputs).flatMap(output => Object.keys(output.inputs));
  const directories = inputs.map(path => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean);
  return [...new Set(directories)].sort();
}
