/** The arguments of a call as strace prints them, and where what follows the closing parenthesis begins. */
export interface ArgumentList {
  readonly args: readonly string[];
  readonly end: number;
}

const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Reads an argument list from behind its opening parenthesis. Strings (with their escapes), comments, brackets and what
 * `-y` adds to descriptors (`3</a, b>`) may hold commas and parentheses. Nothing where the text ends before the list.
 */
export function readArgumentList(text: string, from: number): ArgumentList | undefined {
  const args: string[] = [];
  const open: string[] = [];
  let start = from;
  let at = from;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === '"') at = endOfString(text, at);
    else if (char === '/' && text[at + 1] === '*') at = endOf(text, at + 2, '*/');
    else if (char === '<') at = endOfAngle(text, at);
    else if (char in CLOSERS) {
      open.push(CLOSERS[char] as string);
      at += 1;
    } else if (char === ')' && open.length === 0) {
      const last = text.slice(start, at).trim();
      if (last || args.length) args.push(last);
      return { args, end: at + 1 };
    } else if (char === ')' || char === ']' || char === '}') {
      if (open.pop() !== char) return undefined;
      at += 1;
    } else if (char === ',' && open.length === 0) {
      args.push(text.slice(start, at).trim());
      at += 1;
      start = at;
    } else at += 1;
  }
  return undefined;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function endOf(text: string, from: number, what: string): number {
  const at = text.indexOf(what, from);
  return at < 0 ? text.length : at + what.length;
}

/** `1<<3`, `<... resuming interrupted read ...>`, or what a descriptor stands for: `3<TCP:[1->2]>`, `0</dev/null<char 1:3>>`. */
function endOfAngle(text: string, at: number): number {
  if (text[at + 1] === '<') return at + 2;
  if (text.startsWith('<... ', at)) return endOf(text, at, ' ...>');
  return /[\w/]/.test(text[at - 1] ?? '') ? endOfAnnotation(text, at) : at + 1;
}

/** strace escapes `<`, `>` and quotes in paths, so those that are left are its own. */
function endOfAnnotation(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const char = text[at];
    if (char === '\\' || text.startsWith('->', at)) at += 2;
    else if (char === '"') at = endOfString(text, at);
    else {
      if (char === '<') depth += 1;
      else if (char === '>') depth -= 1;
      at += 1;
      if (depth === 0) return at;
    }
  }
  return text.length;
}
