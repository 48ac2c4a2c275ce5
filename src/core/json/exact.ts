/**
 * `JSON.parse` that loses no digit: an integer that a JavaScript number cannot hold comes as a string of its decimal
 * digits, which our API takes in the same places. The reviver costs ten times the parse, so it runs only where the text
 * holds a number that long. Uses the source text that a reviver gets (ECMAScript, "JSON.parse source text access").
 */
export function parseExact(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepLongIntegers) : JSON.parse(text);
}

const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

function keepLongIntegers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  const isLong =
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source);
  return isLong ? source : value;
}
