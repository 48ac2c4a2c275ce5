/** `Enforce` is the profile as written; `Audit` logs what that would refuse; `Kill` ends the process that makes such a call. */
export type Mode = 'Audit' | 'Enforce' | 'Kill';
