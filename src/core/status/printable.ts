/**
 * Text from somebody who may want more than to be read: what moves a terminal's cursor, breaks lines or turns the direction
 * of text stands as a mark. Categories Cc and Cf of Unicode, and its line ends.
 */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
