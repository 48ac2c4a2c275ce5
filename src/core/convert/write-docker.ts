import { own } from '../own.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { renderProfile } from '../profile/render.ts';

/** Which architectures go with which, as in Docker's own default profile. */
const SUBARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  SCMP_ARCH_X86_64: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  SCMP_ARCH_AARCH64: ['SCMP_ARCH_ARM'],
  SCMP_ARCH_S390X: ['SCMP_ARCH_S390'],
};

/**
 * The profile as Docker and Podman take it on any architecture (`--security-opt seccomp=FILE`): the rendered form with
 * archMap, of which they take the entry of the machine, in place of architectures.
 */
export function writeDocker(spec: ResolvedSpec): string {
  const { architectures = [], ...rest } = spec;
  const rendered = renderProfile(rest, '');
  const archMap = architectures
    .filter(each => each !== 'SCMP_ARCH_NATIVE' && !isSub(each, architectures))
    .map(architecture => ({
      architecture,
      subArchitectures: (own(SUBARCHITECTURES, architecture) ?? []).filter(each =>
        architectures.includes(each as never),
      ),
    }));
  if (archMap.length === 0) return rendered;
  const entry = `  "archMap": ${indent(JSON.stringify(archMap, undefined, 2))},\n`;
  return rendered.replace('  "syscalls": [', () => `${entry}  "syscalls": [`);
}

const isSub = (arch: string, all: readonly string[]) => all.some(each => own(SUBARCHITECTURES, each)?.includes(arch));

const indent = (text: string) => text.replaceAll('\n', '\n  ');
