import type { Log, LogFields } from '../core/log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export const isLevel = (value: string): value is Level => (LEVELS as readonly string[]).includes(value);

/** One JSON object a line, which every log collector takes: time, level, message, then the fields. */
export function jsonLog(level: Level, write: (line: string) => void = line => process.stderr.write(line)): Log {
  const threshold = LEVELS.indexOf(level);
  const at = (name: Level) => {
    if (LEVELS.indexOf(name) < threshold) return () => {};
    return (message: string, fields?: LogFields) =>
      write(`${JSON.stringify({ time: new Date().toISOString(), level: name, message, ...fields })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
