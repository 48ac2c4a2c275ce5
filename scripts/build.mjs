// Bundles each program into one CommonJS file: loading one file costs the agent less memory than many, and `require` of
// node:https less than `import` of it (docs/decisions/0003-thin-agent.md).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** See src/kube/client-node/unused.js. */
const withoutUnused = {
  name: 'without-unused',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^(undici|gaxios)$|^\.\/gen\/index\.js$/ }, ({ importer }) =>
      /node_modules\/(@kubernetes\/client-node|@dot-i\/k8s-operator)\//.test(importer)
        ? { path: resolve('src/kube/client-node/unused.js') }
        : undefined,
    ),
};

mkdirSync('dist', { recursive: true });
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
const { metafile } = await build({
  metafile: true,
  entryPoints: {
    operator: 'src/operator/main.ts',
    agent: 'src/agent/main.ts',
    violations: 'src/violations/main.ts',
    'kubectl-seccomp': 'src/cli/main.ts',
  },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  minifySyntax: true,
  loader: { '.yaml': 'text' },
  alias: { '@kubernetes/client-node': './src/kube/client-node/library.js' },
  plugins: [withoutUnused],
  define: { SECCOMP_OPERATOR_VERSION: JSON.stringify(version) },
  legalComments: 'linked',
  logLevel: 'warning',
});
writeFileSync('dist/bundled-packages.json', `${JSON.stringify(packagesIn(metafile), null, 2)}\n`);

/** Directories of the packages of which anything is in a bundle or beside it, for the bill of materials. */
function packagesIn({ outputs }) {
  const inputs = [...Object.values(outputs).flatMap(output => Object.keys(output.inputs)), ...nativeModules()];
  const directories = inputs.map(path => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean);
  return [...new Set(directories)].sort();
}

/** Loaded by violations.js by name: native code cannot be in a bundle. The one that npm took for this machine. */
function nativeModules() {
  const scope = 'node_modules/@koromix';
  return existsSync(scope) ? readdirSync(scope).map(name => `${scope}/${name}/index.js`) : [];
}
