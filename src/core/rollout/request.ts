/** What a person asked for, as the annotation on the profile says it: `promote stage=2 at=2026-11-24T10:00:00Z`. */
export interface Request {
  readonly verb: Verb;
  /** Only if the rollout is at this stage: what was meant for one must not happen to another. */
  readonly stage: number | undefined;
}

export const VERBS = ['pause', 'resume', 'promote', 'undo'] as const;
export type Verb = (typeof VERBS)[number];

/** Reads the annotation; a text for the person who wrote it when it says nothing that can be done. */
export function parseRequest(text: string): Request | string {
  const [first = '', ...words] = text.trim().split(/\s+/);
  const verb = VERBS.find(each => each === first);
  if (!verb) return `refused: "${first.slice(0, 32)}" is none of ${VERBS.join(', ')}`;
  const stage = words.find(word => word.startsWith('stage='))?.slice('stage='.length);
  if (stage !== undefined && !/^\d{1,2}$/.test(stage)) return `refused: stage=${stage.slice(0, 32)} is no number`;
  return { verb, stage: stage === undefined ? undefined : Number(stage) };
}

/** What makes each request another one, so that the same can be asked twice. */
export function requestText(verb: Verb, stage: number, at: Date): string {
  return `${verb} stage=${stage} at=${at.toISOString()}`;
}
