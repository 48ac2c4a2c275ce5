const PREFIX = 'profile-';

/** Name of the ConfigMap that carries a profile's rendered form; the prefix keeps it apart from `kube-root-ca.crt`. */
export const renderedName = (profile: string): string => PREFIX + profile;

/**
 * The profile whose rendered form a ConfigMap of this name carries; nothing where it is another one's. Operator and agents go
 * by the name, which the API server checks and gives once: what an object says of itself, two of them can say.
 */
export function profileOfRendered(name: string): string | undefined {
  return name.startsWith(PREFIX) && name.length > PREFIX.length ? name.slice(PREFIX.length) : undefined;
}
