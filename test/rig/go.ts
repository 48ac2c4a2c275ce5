import { spawn } from 'node:child_process';
import type { Progress } from './cache.ts';

export interface GoBuild {
  readonly module: string;
  readonly args: readonly string[];
  readonly cgo?: boolean;
}

/** `go build` of one module, telling every 15 seconds that it still goes on. */
export async function goBuild({ module, args, cgo = false }: GoBuild, progress: Progress): Promise<void> {
  const from = performance.now();
  const timer = setInterval(
    () => progress(`still building (${Math.round((performance.now() - from) / 1000)} s)`),
    15_000,
  );
  try {
    await go(module, ['build', '-trimpath', ...args], cgo);
  } finally {
    clearInterval(timer);
  }
}

function go(cwd: string, args: readonly string[], cgo: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CGO_ENABLED: cgo ? '1' : '0' };
    const child = spawn('go', args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', chunk => {
      errors = (errors + chunk).slice(-4_000);
    });
    child.once('error', () => reject(new Error('Go is missing: install Go 1.26')));
    child.once('exit', code => (code === 0 ? resolve() : reject(new Error(`go build failed:\n${errors}`))));
  });
}
