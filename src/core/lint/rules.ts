import type { Rule } from './finding.ts';
import { architectureGap } from './rules/architecture-gap.ts';
import { architectureUnsupported } from './rules/architecture-unsupported.ts';
import { argumentIndex } from './rules/argument-index.ts';
import { cannotStart } from './rules/cannot-start.ts';
import { cloneFlags } from './rules/clone-flags.ts';
import { clone3Eperm } from './rules/clone3-eperm.ts';
import { conflictingRules } from './rules/conflicting-rules.ts';
import { constantCondition } from './rules/constant-condition.ts';
import { dangerousAllow } from './rules/dangerous-allow.ts';
import { denyListFailsOpen } from './rules/deny-list-fails-open.ts';
import { errnoRange } from './rules/errno-range.ts';
import { flags } from './rules/flags.ts';
import { killThread } from './rules/kill-thread.ts';
import { libseccompFilter } from './rules/libseccomp-filter.ts';
import { mayNotStart } from './rules/may-not-start.ts';
import { negativeInt } from './rules/negative-int.ts';
import { neverFiltered } from './rules/never-filtered.ts';
import { newerThanNode } from './rules/newer-than-node.ts';
import { notify } from './rules/notify.ts';
import { pointerArgument } from './rules/pointer-argument.ts';
import { repeatedArgument } from './rules/repeated-argument.ts';
import { ruleWithoutEffect } from './rules/rule-without-effect.ts';
import { signalArgument } from './rules/signal-argument.ts';
import { smallerEquivalent } from './rules/smaller-equivalent.ts';
import { successorMissing } from './rules/successor-missing.ts';
import { unknownSyscall } from './rules/unknown-syscall.ts';
import { wideValue } from './rules/wide-value.ts';

/** All rules, in the order in which their findings are listed among those of one severity. */
export const RULES: readonly Rule[] = [
  // Whether a container starts.
  cannotStart,
  conflictingRules,
  libseccompFilter,
  argumentIndex,
  errnoRange,
  notify,
  flags,
  architectureUnsupported,
  mayNotStart,
  killThread,
  clone3Eperm,
  // Whether it does what it says.
  unknownSyscall,
  newerThanNode,
  denyListFailsOpen,
  ruleWithoutEffect,
  repeatedArgument,
  constantCondition,
  signalArgument,
  negativeInt,
  pointerArgument,
  cloneFlags,
  wideValue,
  successorMissing,
  architectureGap,
  neverFiltered,
  // What it gives away, and what is too long.
  dangerousAllow,
  smallerEquivalent,
];
