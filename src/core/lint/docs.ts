/** Where a rule is explained. */
export const docsOf = (rule: string): string => `docs/lint.md#${rule}`;
