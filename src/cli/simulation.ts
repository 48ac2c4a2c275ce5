import { type Circumstances, parseCapabilities } from '../core/convert/circumstances.ts';
import { parseRuntime } from '../core/lint/target.ts';
import { own } from '../core/own.ts';
import { architecturesFor } from '../core/profile/architectures.ts';
import type { ResolvedSpec } from '../core/profile/base.ts';
import { type Environment, NATIVE_ARCHITECTURES } from '../core/simulate/environment.ts';
import { buildFilter, type Filter } from '../core/simulate/filter.ts';
import { Refusal } from '../core/simulate/refusal.ts';
import { type Given, type Options, UsageError } from './command.ts';
import type { Source } from './profile-source.ts';

/** On which node a profile is tried. */
export const SIMULATION: Options = {
  arch: { type: 'string', value: 'ARCH', default: 'amd64', help: 'node architecture as Go names it' },
  runtime: {
    type: 'string',
    value: 'RUNTIME',
    default: 'runc',
    help: 'runc or crun, perhaps with a version: runc@1.1.12',
  },
  libseccomp: { type: 'string', value: 'VERSION', help: 'of the runtime, such as 2.5.4; else the newest' },
};

export function environmentOf({ options: { arch, runtime, libseccomp } }: Given): Environment {
  const native = own(NATIVE_ARCHITECTURES, String(arch));
  if (!native) throw new UsageError(`--arch ${arch}: use ${Object.keys(NATIVE_ARCHITECTURES).join(', ')}`);
  const parsed = parseRuntime(String(runtime));
  if (!parsed) throw new UsageError(`--runtime ${runtime}: use runc or crun, perhaps with a version: runc@1.1.12`);
  if (libseccomp !== undefined && !/^\d+\.\d+(\.\d+)?$/.test(String(libseccomp)))
    throw new UsageError(`--libseccomp ${libseccomp}: write it like 2.5.4`);
  return { native, runtime: parsed, ...(libseccomp === undefined ? {} : { libseccomp: String(libseccomp) }) };
}

/** What a node makes of a profile. Throws an error that says why no container starts under it, where none does. */
export function filterOf({ label, spec }: Source, given: Given): Filter {
  const environment = environmentOf(given);
  const architectures = architecturesFor(String(given.options['arch']), spec.architectures ?? []);
  const { architectures: _, ...rest } = spec;
  const onNode = { ...rest, ...(architectures.length ? { architectures } : {}) } as ResolvedSpec;
  try {
    return buildFilter(onNode, environment);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Error(`${label}: ${environment.runtime.name} starts no container with it: ${error.message}`);
  }
}

/** For profiles of Docker, which a simulation may be given too. */
export function circumstancesOnNode({ options: { arch } }: Given): Circumstances {
  const capabilities = parseCapabilities('default') as ReadonlySet<string>;
  return { architectures: [String(arch)], capabilities, kernel: { major: 5, minor: 10 } };
}
