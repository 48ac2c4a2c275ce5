import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { agentConfig, ConfigError, DEFAULT_AGENT_CONFIG } from '../../../../src/core/daemonset/config.ts';

const MANIFEST = new URL('../../../../manifests/base/operator/config.yaml', import.meta.url);

describe('agent.yaml', () => {
  it('as it is delivered says the defaults', () => {
    const delivered = parse(readFileSync(MANIFEST, 'utf8')).data['agent.yaml'];
    expect(agentConfig(parse(delivered))).to.deep.equal(DEFAULT_AGENT_CONFIG);
  });

  it('may be empty', () => {
    expect(agentConfig(parse(''))).to.deep.equal(DEFAULT_AGENT_CONFIG);
  });

  it('changes what it names, and nothing else', () => {
    const config = agentConfig(parse('{logLevel: debug, nodeSelector: {pool: web}}'));
    expect(config).to.deep.equal({ ...DEFAULT_AGENT_CONFIG, logLevel: 'debug', nodeSelector: { pool: 'web' } });
  });

  const good: [string, string][] = [
    ['may name a kubelet root elsewhere', 'kubeletRoot: /mnt/kubelet/'],
    ['may tolerate for a while', '{startupTaint: "", tolerations: [{key: a, operator: Exists, tolerationSeconds: 5}]}'],
    ['may tolerate nothing', '{startupTaint: "", tolerations: []}'],
    ['may let go another operator’s link', 'replaceLink: /var/lib/security-profiles-operator'],
    ['may name secrets for the image', 'imagePullSecrets: [{name: my-registry}]'],
    ['may do without a priority class', 'priorityClassName: ""'],
  ];
  for (const [what, yaml] of good) {
    it(what, () => {
      expect(agentConfig(parse(yaml))).to.deep.include(parse(yaml));
    });
  }

  it('enables violations by one switch', () => {
    const { violations } = DEFAULT_AGENT_CONFIG;
    expect(agentConfig(parse('violations: {enabled: true}')).violations).to.deep.equal({
      ...violations,
      enabled: true,
    });
  });

  it('tolerates the startup taint, since it takes the agent to have it removed', () => {
    const own = { key: 'seccomp-operator.dev/not-ready', operator: 'Exists' };
    expect(agentConfig(parse('tolerations: []')).tolerations).to.deep.equal([own]);
  });

  const bad: [string, string, string][] = [
    ['is a map', '[a]', 'agent.yaml: must be a map of settings'],
    ['has no setting that is misspelt', 'kubeletroot: /a', 'unknown setting "kubeletroot"; known are image, '],
    ['has no setting named like a method of every object', 'constructor: a', 'unknown setting "constructor"'],
    ['has a taint that is a key', 'startupTaint: a=b:NoSchedule', 'startupTaint: the key of a taint'],
    ['has an image that is a text', 'image: 3', 'image: a string, not 3'],
    ['has no setting without a value', 'image:', 'image: a string, not null'],
    ['pulls as Kubernetes does', 'imagePullPolicy: always', 'one of Always, IfNotPresent, Never, not "always"'],
    ['names secrets in a list of maps', 'imagePullSecrets: [my-registry]', 'imagePullSecrets: a list like'],
    [
      'has labels that are texts',
      'nodeSelector: {gpu: true}',
      'nodeSelector: a map of labels to strings, not {"gpu":true}',
    ],
    ['has a list of tolerations', 'tolerations: {operator: Exists}', 'tolerations: a list of tolerations'],
    ['has tolerations of texts', 'tolerations: [{key: a, value: true}]', 'tolerations: a list of tolerations'],
    ['has a kubelet root from the top', 'kubeletRoot: var/lib/kubelet', 'kubeletRoot: an absolute path'],
    ['has a kubelet root that does not climb', 'kubeletRoot: /var/../etc', 'kubeletRoot: an absolute path'],
    ['names a link’s target from the top', 'replaceLink: operator', 'replaceLink: an absolute path, or empty'],
    ['has violations in a map', 'violations: true', 'violations: a map such as {enabled: true}, not true'],
    ['has a switch that is true or false', 'violations: {enabled: yes please}', 'violations.enabled: true or false'],
    ['has a source of violations that is known', 'violations: {source: auditd}', 'one of AuditNetlink, KernelLog'],
    ['has no setting of violations that is misspelt', 'violations: {on: true}', 'unknown setting "violations.on"'],
    ['has resources in a map', 'resources: []', 'resources: a map with requests and limits'],
    ['logs at a level there is', 'logLevel: trace', 'logLevel: one of debug, info, warn, error, not "trace"'],
  ];
  for (const [what, yaml, message] of bad) {
    it(`${what}, or is refused by name`, () => {
      expect(() => agentConfig(parse(yaml))).to.throw(ConfigError, message);
    });
  }
});
