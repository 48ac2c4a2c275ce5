import type { Placement, Toleration } from '../fleet/eligible.ts';
import { tolerating } from '../fleet/startup-taint.ts';
import { STARTUP_TAINT } from '../names.ts';
import { cut } from '../status/name-list.ts';

/** How the agents run: the key `agent.yaml` of the operator's ConfigMap, see manifests/base/operator/config.yaml. */
export interface AgentConfig extends Placement {
  /** Empty: the operator's own image. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly kubeletRoot: string;
  /** What another operator's link in the place of ours may say, to be replaced. */
  readonly replaceLink: string;
  /** Key of the taint that new nodes carry until they hold every profile; empty: none is removed. */
  readonly startupTaint: string;
  readonly priorityClassName: string;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly violations: ViolationsConfig;
  readonly logLevel: string;
}

/** How violations are counted: by a DaemonSet of their own, or not at all. */
export interface ViolationsConfig {
  readonly enabled: boolean;
  readonly source: 'AuditNetlink' | 'KernelLog';
  readonly resources: Readonly<Record<string, unknown>>;
}

export const DEFAULT_AGENT_CONFIG: AgentConfig = {
  image: '',
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ operator: 'Exists' }],
  kubeletRoot: '/var/lib/kubelet',
  replaceLink: '',
  startupTaint: STARTUP_TAINT,
  priorityClassName: 'system-node-critical',
  resources: { requests: { cpu: '5m', memory: '24Mi' }, limits: { memory: '96Mi' } },
  violations: {
    enabled: false,
    source: 'AuditNetlink',
    resources: { requests: { cpu: '5m', memory: '32Mi' }, limits: { memory: '96Mi' } },
  },
  logLevel: 'info',
};

/** The configuration cannot be used; the message names the setting and the fix. */
export class ConfigError extends Error {}

/** Checks what was read from the ConfigMap and completes it with the defaults. Throws {@link ConfigError}. */
export function agentConfig(input: unknown): AgentConfig {
  const given = input ?? {};
  if (!isMap(given)) throw new ConfigError('agent.yaml: must be a map of settings');
  checkAll('', given, CHECKS);
  const config: AgentConfig = { ...DEFAULT_AGENT_CONFIG, ...given };
  checkAll('violations.', { ...config.violations }, VIOLATIONS_CHECKS);
  return {
    ...config,
    violations: { ...DEFAULT_AGENT_CONFIG.violations, ...config.violations },
    tolerations: tolerating(config.tolerations, config.startupTaint),
  };
}

/** `path` is what stands before a setting's name. */
function checkAll(
  path: string,
  given: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): void {
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(checks, name) && checks[name];
    const known = Object.keys(checks).map(each => path + each);
    if (!check) throw new ConfigError(`agent.yaml: unknown setting "${path}${name}"; known are ${known.join(', ')}`);
    if (!check.good(value))
      throw new ConfigError(`agent.yaml: ${path}${name}: ${check.wanted}, not ${cut(JSON.stringify(value), 60)}`);
  }
}

interface Check {
  readonly wanted: string;
  readonly good: (value: unknown) => boolean;
}

const text: Check = { wanted: 'a string', good: value => typeof value === 'string' };
const oneOf = (...values: string[]): Check => ({
  wanted: `one of ${values.join(', ')}`,
  good: value => values.includes(value as string),
});

const CHECKS: Record<keyof AgentConfig, Check> = {
  image: text,
  imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  imagePullSecrets: {
    wanted: 'a list like [{name: my-registry}]',
    good: value => Array.isArray(value) && value.every(each => isMap(each) && typeof each['name'] === 'string'),
  },
  nodeSelector: {
    wanted: 'a map of labels to strings',
    good: value => isMap(value) && Object.values(value).every(each => typeof each === 'string'),
  },
  tolerations: { wanted: 'a list of tolerations', good: value => Array.isArray(value) && value.every(isToleration) },
  kubeletRoot: {
    wanted: 'an absolute path without ".." (the kubelet’s --root-dir)',
    good: value => typeof value === 'string' && /^\/[^\0]*$/.test(value) && !value.split('/').includes('..'),
  },
  startupTaint: {
    wanted: 'the key of a taint such as seccomp-operator.dev/not-ready, or "" for none',
    good: value => typeof value === 'string' && /^([a-z0-9.-]+\/)?[A-Za-z0-9._-]*$/.test(value),
  },
  replaceLink: {
    wanted: 'an absolute path, or empty',
    good: value => typeof value === 'string' && /^(\/[^\0]*)?$/.test(value),
  },
  priorityClassName: text,
  resources: { wanted: 'a map with requests and limits', good: isMap },
  violations: { wanted: 'a map such as {enabled: true}', good: isMap },
  logLevel: oneOf('debug', 'info', 'warn', 'error'),
};

const VIOLATIONS_CHECKS: Record<keyof ViolationsConfig, Check> = {
  enabled: { wanted: 'true or false', good: value => typeof value === 'boolean' },
  source: oneOf('AuditNetlink', 'KernelLog'),
  resources: CHECKS.resources,
};

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isToleration(value: unknown): value is Toleration {
  return (
    isMap(value) &&
    ['key', 'operator', 'value', 'effect'].every(key => ['string', 'undefined'].includes(typeof value[key]))
  );
}
