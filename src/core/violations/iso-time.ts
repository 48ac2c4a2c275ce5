/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+/, '');
