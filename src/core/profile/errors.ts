/** Why a profile cannot be rendered. It stays so until somebody changes this profile or one it is based on. */
export type ProfileErrorReason =
  | 'BaseNotFound'
  | 'BaseCycle'
  | 'BaseTooDeep'
  | 'InvalidSpec'
  | 'TooLarge'
  | 'PathConflict';

export class ProfileError extends Error {
  readonly reason: ProfileErrorReason;

  constructor(reason: ProfileErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
