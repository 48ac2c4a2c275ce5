import { own } from '../core/own.ts';
import type { SyscallArch } from '../core/syscalls/table.ts';
import { type FileReport, type Trace, TraceCollector, type TraceOptions } from '../core/trace/trace.ts';
import { type Given, type Option, type Options, UsageError } from './command.ts';
import { linesOf } from './lines.ts';

const ARCH: Option = {
  type: 'string',
  value: 'ARCH',
  default: 'amd64',
  help: 'of the traced machine, as Go names it',
};

/** What every command that reads traces takes. */
export const TRACE_OPTIONS: Options = {
  arch: ARCH,
  comm: { type: 'string', value: 'NAME', help: "of audit records, only this program's" },
};

/** The architecture of a machine, by the name that Go gives it. */
export const MACHINES: Readonly<Record<string, SyscallArch>> = {
  amd64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
  '386': 'SCMP_ARCH_X86',
  riscv64: 'SCMP_ARCH_RISCV64',
  s390x: 'SCMP_ARCH_S390X',
  ppc64le: 'SCMP_ARCH_PPC64LE',
  loong64: 'SCMP_ARCH_LOONGARCH64',
};

export function machineOf({ options: { arch } }: Given): SyscallArch {
  const machine = own(MACHINES, String(arch));
  if (!machine) throw new UsageError(`--arch ${arch}: use ${Object.keys(MACHINES).join(', ')}`);
  return machine;
}

/** Reads traces of strace and audit logs. Throws where a file holds neither. */
export function readTraces(files: readonly string[], given: Given, wanted: TraceOptions['wanted']): Trace {
  const { comm } = given.options;
  const collector = new TraceCollector({
    machine: machineOf(given),
    ...(wanted ? { wanted } : {}),
    ...(comm === undefined ? {} : { comm: String(comm) }),
  });
  for (const file of files) collector.add(file, linesOf(file));
  const trace = collector.trace();
  const empty = trace.files.find(({ calls }) => calls === 0);
  if (empty)
    throw new Error(`${empty.file}: holds no call: it is neither what strace prints nor audit records${of(comm)}`);
  return trace;
}

const of = (comm: unknown) => (comm === undefined ? '' : ` of ${comm}`);

/** What a person has to know of traces, beside the calls in them. */
export function remarksOn({ files, unknown }: Trace): string[] {
  return [
    ...files.flatMap(remarkOn),
    ...unknown.map(
      ({ name, count, file, line }) =>
        `${file}:${line}: ${name} (${count} times) is no call that is known here; left out`,
    ),
  ];
}

function remarkOn({ file, unread, unreadCount, lost }: FileReport): string[] {
  const [first] = unread;
  return [
    ...(first
      ? [`${file}: ${unreadCount} lines are not strace's, the first is line ${first.line}: ${first.text}`]
      : []),
    ...(lost ? [`${file}: the kernel dropped audit records (rate limit): calls may be missing`] : []),
  ];
}
