import { compareResourceVersions } from '../resource-version.ts';
import { type ExpectedBundle, holdsOtherBundle } from '../status/installation.ts';
import type { Taint, Toleration } from './eligible.ts';
import type { NodeReport } from './node-report.ts';

/** Whether a node's agent has reported every rendered profile as installed: the newest one, none failed, none else. */
export function holdsEverything(report: NodeReport, expected: ExpectedBundle): boolean {
  if (report.resourceVersion === undefined || report.trouble || report.failures.size > 0) return false;
  const isCurrent = compareResourceVersions(report.resourceVersion, expected.changedAt) >= 0;
  return isCurrent && !holdsOtherBundle(report, expected);
}

/** The agent has to run on a node that carries the taint: it is what makes it go. */
export function tolerating(tolerations: readonly Toleration[], startupTaint: string): readonly Toleration[] {
  const isCovered = tolerations.some(
    ({ key, operator, effect }) => operator === 'Exists' && !effect && (!key || key === startupTaint),
  );
  return startupTaint === '' || isCovered ? tolerations : [...tolerations, { key: startupTaint, operator: 'Exists' }];
}

export const isTainted = (taints: readonly Taint[], key: string): boolean =>
  key !== '' && taints.some(taint => taint.key === key);
