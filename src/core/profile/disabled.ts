import type { SeccompProfileSpec } from '../api/seccomp-profile.ts';

/** `disabled: true` is how Security Profiles Operator's v1beta1 said it. */
export const isDisabled = (spec: SeccompProfileSpec): boolean => spec.state === 'Disabled' || spec.disabled === true;
