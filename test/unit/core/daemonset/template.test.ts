import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type AgentConfig, DEFAULT_AGENT_CONFIG } from '../../../../src/core/daemonset/config.ts';
import {
  agentDaemonSet,
  type DaemonSet,
  holds,
  repairedDaemonSet,
  violationsDaemonSet,
} from '../../../../src/core/daemonset/template.ts';

const MANIFEST = new URL('../../../../manifests/agent-daemonset.yaml', import.meta.url);
const TEMPLATE: DaemonSet = parse(readFileSync(MANIFEST, 'utf8'));
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

const daemonSet = (config: Partial<AgentConfig> = {}) =>
  agentDaemonSet(TEMPLATE, { ...DEFAULT_AGENT_CONFIG, ...config }, 'agents', 'registry.example/agent:1');
const podOf = (config: Partial<AgentConfig> = {}) => daemonSet(config).spec.template.spec;

describe('the agents’ DaemonSet', () => {
  it('has nothing left that the operator should have set', () => {
    expect(JSON.stringify(daemonSet())).not.to.contain('set by the operator');
  });

  it('leaves the template as it is', () => {
    const before = structuredClone(TEMPLATE);
    daemonSet();
    expect(TEMPLATE).to.deep.equal(before);
  });

  it('runs the image in the namespace', () => {
    expect(daemonSet().metadata.namespace).to.equal('agents');
    expect(podOf().containers[0]).to.include({ image: 'registry.example/agent:1', imagePullPolicy: 'IfNotPresent' });
  });

  it('runs where the configuration says', () => {
    const config = { nodeSelector: { pool: 'web' }, tolerations: [{ key: 'a', operator: 'Exists' }] };
    expect(podOf(config)).to.deep.include(config);
  });

  it('mounts the seccomp directory where the node has it', () => {
    const { volumes, containers } = podOf({ kubeletRoot: '/mnt/kubelet//' });
    expect(volumes[0].hostPath).to.deep.equal({ path: '/mnt/kubelet/seccomp', type: 'DirectoryOrCreate' });
    expect(containers[0].volumeMounts[0]).to.deep.equal({ name: volumes[0].name, mountPath: '/mnt/kubelet/seccomp' });
  });

  it('tells the agent its settings, and keeps those of the template', () => {
    const { env } = podOf({ kubeletRoot: '/mnt/kubelet', logLevel: 'debug' }).containers[0];
    const ofTemplate = ['NODE_NAME', 'AGENT_NAMESPACE'];
    expect(env.map(({ name }) => name)).to.include.members(['MALLOC_ARENA_MAX', ...ofTemplate]);
    expect(env.slice(-2)).to.deep.equal([
      { name: 'KUBELET_ROOT', value: '/mnt/kubelet' },
      { name: 'LOG_LEVEL', value: 'debug' },
    ]);
  });

  it('tells the agent which link it may replace, where one is named', () => {
    const env = podOf({ replaceLink: '/var/lib/other' }).containers[0].env;
    expect(env.at(-1)).to.deep.equal({ name: 'REPLACE_LINK', value: '/var/lib/other' });
  });

  it('has neither priority class nor pull secrets where none is named', () => {
    expect(podOf({ priorityClassName: '' })).not.to.have.any.keys('priorityClassName', 'imagePullSecrets');
  });

  it('has those that are named', () => {
    const config = { priorityClassName: 'high', imagePullSecrets: [{ name: 'my-registry' }] };
    expect(podOf(config)).to.deep.include(config);
  });
});

describe('the DaemonSet that counts violations', () => {
  const manifest = new URL('../../../../manifests/violations-daemonset.yaml', import.meta.url);
  const template: DaemonSet = parse(readFileSync(manifest, 'utf8'));
  const pod = (config: Partial<AgentConfig> = {}) =>
    violationsDaemonSet(template, { ...DEFAULT_AGENT_CONFIG, ...config }, 'agents', 'registry.example/agent:1').spec
      .template.spec;

  it('runs the same image on the same nodes as the agents', () => {
    const config = { nodeSelector: { pool: 'web' }, tolerations: [{ key: 'a', operator: 'Exists' }] };
    expect(pod(config)).to.deep.include(config);
    expect(pod().containers[0]).to.include({ image: 'registry.example/agent:1' });
  });

  it('may read audit records and become another user, and nothing else', () => {
    const { securityContext } = pod().containers[0] as unknown as { securityContext: Record<string, unknown> };
    expect(securityContext).to.deep.include({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['AUDIT_READ', 'SETUID', 'SETGID'] },
    });
    expect(pod()).not.to.have.property('volumes');
  });

  it('is privileged where it reads the kernel’s log', () => {
    const violations = { ...DEFAULT_AGENT_CONFIG.violations, source: 'KernelLog' as const };
    const { volumes, containers } = pod({ violations });
    expect(volumes[0].hostPath.path).to.equal('/dev/kmsg');
    expect(containers[0]).to.have.nested.property('securityContext.privileged', true);
    expect(containers[0].env).to.deep.include({ name: 'SOURCE', value: 'KernelLog' });
  });
});

describe('a DaemonSet that is there', () => {
  const changed = (change: (live: DaemonSet) => void, config: Partial<AgentConfig> = {}) => {
    const live = daemonSet(config);
    change(live);
    return live;
  };
  const container = (live: DaemonSet) => live.spec.template.spec.containers[0];
  const cases: [string, DaemonSet, boolean][] = [
    ['is right as it was written', daemonSet(), true],
    [
      'is right with the defaults of the API server',
      changed(live => {
        live.metadata['uid'] = 'u1';
        live.spec['revisionHistoryLimit'] = 10;
        container(live)['terminationMessagePath'] = '/dev/termination-log';
      }),
      true,
    ],
    ['is wrong with another image', changed(live => Object.assign(container(live), { image: 'other' })), false],
    ['is wrong with one more variable', changed(live => container(live).env.push({ name: 'A' })), false],
    ['is wrong without one', changed(live => container(live).env.pop()), false],
    ['is wrong without its resources', changed(live => delete container(live)['resources']), false],
    [
      'is wrong with a label that was taken away',
      daemonSet({ nodeSelector: { 'kubernetes.io/os': 'linux', a: 'b' } }),
      false,
    ],
    [
      'is wrong with a key that its toleration lost',
      daemonSet({ tolerations: [{ key: 'a', operator: 'Exists' }] }),
      false,
    ],
    ['is wrong with pull secrets that are no longer named', daemonSet({ imagePullSecrets: [{ name: 'a' }] }), false],
  ];
  for (const [what, live, expected] of cases) {
    it(what, () => {
      expect(holds(live, daemonSet())).to.equal(expected);
    });
  }

  it('is put right in the version that was seen', () => {
    const live = changed(({ metadata, spec }) => {
      metadata['resourceVersion'] = '7';
      spec.template.spec['hostPID'] = true;
    });
    const { metadata, spec } = repairedDaemonSet(daemonSet(), live);
    expect(metadata['resourceVersion']).to.equal('7');
    expect(spec).to.deep.equal(daemonSet().spec);
  });

  it('keeps a restart by kubectl, and its own annotations', () => {
    const live = changed(({ spec }) => {
      spec.template.metadata.annotations = { [RESTARTED_AT]: '2026-03-01T12:00:00Z', other: 'x' };
    });
    expect(repairedDaemonSet(daemonSet(), live).spec.template.metadata.annotations).to.deep.equal({
      ...TEMPLATE.spec.template.metadata.annotations,
      [RESTARTED_AT]: '2026-03-01T12:00:00Z',
    });
  });
});
