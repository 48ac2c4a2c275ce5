import { readFileSync } from 'node:fs';

/** USER_HZ: what /proc/PID/stat counts in (proc_pid_stat(5)). */
const TICKS = 100;

/** Time that a process has had a core, in milliseconds; in steps of ten. */
export function cpuMs(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = 0, kernel = 0] = rest.split(' ').slice(11, 13).map(Number);
  return ((user + kernel) / TICKS) * 1000;
}

/** VmRSS, RssAnon and others of proc_pid_status(5), in MiB. */
export function memoryMib(pid: number, field: 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
