import { expect } from 'chai';
import type { SeccompProfileSpec } from '../../../../src/core/api/seccomp-profile.ts';
import { digestOf } from '../../../../src/core/profile/digest.ts';
import { ProfileError } from '../../../../src/core/profile/errors.ts';
import { pickVariantKey, renderVariants } from '../../../../src/core/profile/variants.ts';

describe('the rendered forms of a profile', () => {
  const common: SeccompProfileSpec = { defaultAction: 'SCMP_ACT_LOG' };
  const varying: SeccompProfileSpec = { ...common, architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_ARM'] };

  it('are one for all nodes where no architecture is listed, even while there is no node', () => {
    expect([...renderVariants(common, ['arm64', 'amd64']).keys()]).to.deep.equal(['profile.json']);
    expect([...renderVariants(common, []).keys()]).to.deep.equal(['profile.json']);
  });

  it('are one for each architecture of the nodes where some are listed', () => {
    const variants = renderVariants(varying, ['arm64', 'amd64', 'arm64']);
    expect([...variants.keys()]).to.deep.equal(['amd64.json', 'arm64.json']);
    expect(variants.get('amd64.json')?.text).to.contain('SCMP_ARCH_X86').and.not.contain('SCMP_ARCH_ARM');
    expect(variants.get('arm64.json')?.text).to.contain('SCMP_ARCH_ARM').and.not.contain('SCMP_ARCH_X86');
  });

  it('are refused where they do not fit into one ConfigMap, together', () => {
    const names = Array.from({ length: 1024 }, (_, at) => `call_${at}_${'x'.repeat(40)}`);
    const rules = (count: number) =>
      Array.from({ length: count }, () => ({ names, action: 'SCMP_ACT_ALLOW' as const }));
    const large = { ...varying, syscalls: rules(12) };
    expect(renderVariants(large, ['amd64'])).to.have.lengthOf(1);
    expect(() => renderVariants(large, ['amd64', 'arm64']))
      .to.throw(
        ProfileError,
        /^spec\.syscalls: .* bytes for 2 forms \(node architectures, stages of a rollout\) together/,
      )
      .with.property('reason', 'TooLarge');
  });

  it('carry the digest of their bytes', () => {
    for (const { text, digest } of renderVariants(varying, ['amd64', 's390x']).values()) {
      expect(digest).to.equal(digestOf(text));
    }
  });
});

describe('the form a node takes', () => {
  it('is that of its architecture, before the common one', () => {
    expect(pickVariantKey(['profile.json', 'amd64.json'], 'amd64')).to.equal('amd64.json');
    expect(pickVariantKey(['amd64.json', 'profile.json'], 'amd64')).to.equal('amd64.json');
  });

  it('is the common one where there is none for its architecture', () => {
    expect(pickVariantKey(['profile.json', 'amd64.json'], 'arm64')).to.equal('profile.json');
  });

  it('is none while only others are rendered', () => {
    expect(pickVariantKey(['amd64.json'], 'arm64')).to.equal(undefined);
  });
});
