/** Kubernetes' MicroTime: RFC 3339 with six digits of a second; JavaScript knows three of them. */
export function microTime(date = new Date()): string {
  return date.toISOString().replace('Z', '000Z');
}
