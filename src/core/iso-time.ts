/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const isoTime = (time: Date | number): string => new Date(time).toISOString().replace(/\.\d+/, '');
