import { isLevel } from '../runtime/log.ts';
import type { ProgramSpec } from '../runtime/options.ts';

export type ViolationsOption = 'node-name' | 'source' | 'user' | 'log-level';

export const VIOLATIONS_PROGRAM: ProgramSpec<ViolationsOption> = {
  name: 'violations',
  summary:
    "Counts what seccomp filters logged or refused in one node's containers, and reports on the node's SeccompNode.",
  options: {
    'node-name': { env: 'NODE_NAME', placeholder: 'NAME', description: 'Name of the Node this runs on.' },
    source: {
      env: 'SOURCE',
      default: 'AuditNetlink',
      placeholder: 'SOURCE',
      description:
        'AuditNetlink (CAP_AUDIT_READ, the network and pid namespaces of the host), or KernelLog, which the kernel limits to ' +
        'ten records in five seconds and which takes a privileged container with /dev/kmsg.',
      check: value => (value === 'AuditNetlink' || value === 'KernelLog' ? undefined : 'use AuditNetlink or KernelLog'),
    },
    user: {
      env: 'RUN_AS',
      default: '65532',
      placeholder: 'UID',
      description: 'Becomes this user and group, without any capability, once records are open; 0 to stay what it is.',
      check: value => (/^\d{1,9}$/.test(value) ? undefined : `"${value}" is no user id`),
    },
    'log-level': {
      env: 'LOG_LEVEL',
      default: 'info',
      placeholder: 'LEVEL',
      description: 'debug, info, warn or error.',
      check: value => (isLevel(value) ? undefined : `"${value}": use debug, info, warn or error`),
    },
  },
  notes: 'It listens on no port. Credentials: KUBECONFIG if set, else the service account of its Pod.',
};
