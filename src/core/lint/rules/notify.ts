import type { Rule } from '../finding.ts';

/** SCMP_ACT_NOTIFY asks a seccomp agent (seccomp_unotify(2)), whose socket the profile names. */
export const notify: Rule = {
  id: 'notify',
  severity: 'error',
  summary: 'SCMP_ACT_NOTIFY where it cannot work: as default, on write, or without a listener',
  *check({ spec, rules, default: fallback }) {
    const isDefault = fallback.action === 'SCMP_ACT_NOTIFY';
    const notifying = rules.filter(({ outcome }) => outcome.action === 'SCMP_ACT_NOTIFY');
    if (isDefault) {
      yield {
        message:
          'as defaultAction SCMP_ACT_NOTIFY starts no container: runc refuses it, and under crun the program is killed',
        fix: 'Name the calls to ask about in a rule.',
        field: 'defaultAction',
      };
    }
    for (const rule of notifying.filter(({ names }) => names.includes('write'))) {
      yield {
        message: 'runc refuses SCMP_ACT_NOTIFY on write, which it makes itself to hand over the listener',
        fix: 'Take write out of this rule.',
        syscall: rule.at,
        names: ['write'],
      };
    }
    const [first] = notifying;
    if (first && !isDefault && !spec.listenerPath) {
      yield {
        message:
          'SCMP_ACT_NOTIFY without listenerPath: runc starts no container, and under crun the calls end with ENOSYS',
        fix: 'Set listenerPath to the socket of your seccomp agent, or use another action.',
        syscall: first.at,
        names: first.names,
      };
    }
    if (spec.listenerPath && !isDefault && !first) {
      yield {
        message:
          'listenerPath without a rule of SCMP_ACT_NOTIFY: runc ignores it, and crun starts no container unless something listens there',
        fix: 'Remove listenerPath.',
        severity: 'warning',
        field: 'listenerPath',
      };
    }
  },
};
