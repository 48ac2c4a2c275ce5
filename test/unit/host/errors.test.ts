import { expect } from 'chai';
import { HostError } from '../../../src/host/errors.ts';

describe('an error of the disk', () => {
  const reasons: Record<string, string> = {
    ENOSPC: 'DiskFull',
    EDQUOT: 'DiskFull',
    EROFS: 'ReadOnlyFilesystem',
    EACCES: 'PermissionDenied',
    EPERM: 'PermissionDenied',
    EISDIR: 'NotARegularFile',
    ENOENT: 'DirectoryMissing',
    EIO: 'IoError',
    EMFILE: 'IoError',
  };
  for (const [code, reason] of Object.entries(reasons)) {
    it(`${code} is told as ${reason}, with the path`, () => {
      const error = HostError.from(Object.assign(new Error('failed'), { code }), '/node/a.json');
      expect(error.reason).to.equal(reason);
      expect(error.message).to.include('/node/a.json');
    });
  }

  it('keeps the reason that was found nearer to the cause', () => {
    const cause = new HostError('ForeignFile', 'somebody wrote', '/a', 'move it away');
    expect(HostError.from(cause, '/b')).to.equal(cause);
  });

  it('names what it does not know', () => {
    expect(HostError.from(Object.assign(new Error(), { code: 'EIO' }), '/a').message).to.include('EIO');
    expect(HostError.from('odd', '/a').message).to.include('odd');
  });

  it('has room for the end of a long path, and for what to do', () => {
    const path = `/var/lib/kubelet/seccomp/operator/${'a'.repeat(240)}.json`;
    const { message } = new HostError('ForeignFile', 'somebody wrote', path, 'move it away');
    expect(message.length).to.be.at.most(256);
    expect(message).to.match(/^somebody wrote …a+\.json: move it away$/);
  });
});
