/** A profile of somebody else's that cannot be read. The message names the field, what it may be, and what to do. */
export class FormatError extends Error {}
