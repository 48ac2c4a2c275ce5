import { expect } from 'chai';
import type { SeccompProfile, SeccompProfileSpec } from '../../../src/core/api/seccomp-profile.ts';
import { ProfileLinter } from '../../../src/operator/profile-linter.ts';

function cluster() {
  const profiles = new Map<string, SeccompProfile>();
  const fleet = { architectures: new Set(['amd64']), kernels: new Set(['6.12']) };
  const linter = new ProfileLinter({
    profiles,
    fleet: { architectures: () => fleet.architectures, kernels: () => fleet.kernels },
  });
  const apply = (name: string, spec: SeccompProfileSpec): SeccompProfile => {
    const generation = (profiles.get(name)?.metadata.generation ?? 0) + 1;
    const profile = {
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompProfile',
      metadata: { name, generation },
      spec,
    };
    profiles.set(name, profile);
    return profile;
  };
  const rules = (name: string) =>
    linter.report(name, profiles.get(name)?.metadata.generation ?? 0)?.warnings.map(({ rule }) => rule);
  return { linter, fleet, apply, rules };
}

const refusing = (...names: string[]): SeccompProfileSpec => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
});

describe("the operator's linter", () => {
  it('looks at a generation once', () => {
    const { linter, apply, rules } = cluster();
    const profile = apply('web', refusing('mkdirr'));
    expect(rules('web')).to.equal(undefined);
    expect(linter.look(profile)).to.equal(true);
    expect(rules('web')).to.deep.equal(['unknown-syscall']);
    expect(linter.look(profile)).to.equal(false);
  });

  it('says nothing of a generation that it has not looked at', () => {
    const { linter, apply, rules } = cluster();
    linter.look(apply('web', refusing('mkdirr')));
    const next = apply('web', refusing('mkdir'));
    expect(rules('web')).to.equal(undefined);
    linter.look(next);
    expect(rules('web')).to.deep.equal(['deny-list-fails-open']);
  });

  it('looks again when a base has changed', () => {
    const { linter, apply, rules } = cluster();
    apply('base', refusing('reboot'));
    const profile = apply('web', { ...refusing('swapon'), baseProfileName: 'base' });
    linter.look(profile);
    expect(rules('web')).to.deep.equal([]);
    apply('base', refusing('rebooot'));
    expect(linter.look(profile)).to.equal(true);
    expect(rules('web')).to.deep.equal(['unknown-syscall']);
  });

  it('looks again when there are nodes of another architecture', () => {
    const { linter, fleet, apply, rules } = cluster();
    const spec: SeccompProfileSpec = { defaultAction: 'SCMP_ACT_LOG', architectures: ['SCMP_ARCH_RISCV64'] };
    const profile = apply('web', spec);
    linter.look(profile);
    expect(rules('web')).to.deep.equal([]);
    fleet.architectures.add('riscv64');
    expect(linter.look(profile)).to.equal(true);
    expect(rules('web')).to.deep.equal(['architecture-unsupported']);
  });

  it('looks at no profile whose base is missing', () => {
    const { linter, apply, rules } = cluster();
    expect(linter.look(apply('web', { ...refusing('mkdirr'), baseProfileName: 'base' }))).to.equal(false);
    expect(rules('web')).to.equal(undefined);
  });
});
