import type { SeccompRecordingSpec } from '../api/seccomp-recording.ts';

type Selector = SeccompRecordingSpec['podSelector'];

/** As the API server takes it in `labelSelector` (k8s.io/apimachinery, pkg/labels, `Parse`). */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: Selector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return [...equal, ...matchExpressions.map(expressionText)].join(',');
}

function expressionText({ key, operator, values = [] }: NonNullable<Selector['matchExpressions']>[number]): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
}
