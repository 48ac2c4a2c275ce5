/** Why no container starts with a profile. */
export type RefusalCode =
  /** A value that runtime or libseccomp does not take. */
  | 'InvalidValue'
  /** An architecture that cannot be in one filter with the node's. */
  | 'ForeignArchitecture'
  /** Two rules that libseccomp cannot hold at once (EEXIST). */
  | 'ConflictingRules'
  /** Rules on which libseccomp does not end, or not for minutes, and the runtime with it. */
  | 'EndlessFilter'
  /** More instructions than the kernel takes. */
  | 'TooLarge'
  /** Not a refusal by the runtime: the rules are too many to be followed here. */
  | 'Unknown';

/** A profile with which the runtime starts no container. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** Index in `syscalls` of the rule at which the runtime stops. */
  readonly rule: number | undefined;

  constructor(code: RefusalCode, message: string, rule?: number) {
    super(message);
    this.code = code;
    this.rule = rule;
  }
}
