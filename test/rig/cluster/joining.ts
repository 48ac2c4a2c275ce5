import type { ControlGroup } from './control-groups.ts';

/** Words that run a command as a member of a control group from its first moment on, with the same pid. */
export function joining(group: ControlGroup, words: readonly string[]): readonly string[] {
  return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', group.membership, ...words];
}
