import { cut } from '../status/name-list.ts';
import { isAction } from './actions.ts';

const FIELDS = [
  'defaultAction',
  'defaultErrnoRet',
  'architectures',
  'flags',
  'listenerPath',
  'listenerMetadata',
  'syscalls',
];
const FOLDED = new Map(FIELDS.map(field => [folded(field), field]));

/**
 * What is wrong with a text that is to become a seccomp file; nothing when a runtime can load it. The last check before a
 * node's disk: of `{}`, `null` or a wrapped profile runc makes an unconfined container, without a word.
 */
export function loadProblem(text: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return `it is no JSON: ${(error as Error).message}`;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'it is no JSON object';
  const alias = Object.keys(parsed).find(key => (FOLDED.get(folded(key)) ?? key) !== key);
  if (alias !== undefined)
    return `it has ${JSON.stringify(cut(alias, 40))}, which runtimes take for ${FOLDED.get(folded(alias))}`;
  const { defaultAction, syscalls } = parsed as { defaultAction?: unknown; syscalls?: unknown };
  if (!isAction(defaultAction)) return 'it has no defaultAction, so a container would run unconfined';
  if (!Array.isArray(syscalls) || syscalls.length === 0)
    return 'it has no syscalls, so a runtime may use another profile';
  return undefined;
}

/** Runtimes are written in Go, whose `encoding/json` compares the names of fields so (`foldName`). */
function folded(key: string): string {
  return key.toUpperCase().toLowerCase();
}
