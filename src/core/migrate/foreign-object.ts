/** The API group of Security Profiles Operator. */
export const SPO_GROUP = 'security-profiles-operator.x-k8s.io';

/** An object as somebody else's API server or manifest has it: nothing in it is checked yet. */
export interface ForeignObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ForeignMeta;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface ForeignMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

export const isOfSpo = ({ apiVersion = '' }: ForeignObject): boolean => apiVersion.startsWith(`${SPO_GROUP}/`);

/** `SeccompProfile/web/nginx`, as a person would name it. */
export function titleOf({ kind = 'object', metadata = {} }: ForeignObject): string {
  const { namespace, name = 'without a name' } = metadata;
  return [kind, ...(namespace ? [namespace] : []), name].join('/');
}
