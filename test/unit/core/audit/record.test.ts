import { expect } from 'chai';
import { recordOfLine, recordOfText } from '../../../../src/core/audit/record.ts';

const HEAD = 'audit(1795465468.951:880): auid=4294967295 uid=0 gid=0 ses=4294967295';
const TAIL = 'sig=0 arch=c000003e syscall=83 compat=0 ip=0x47b567 code=0x7ffc0000';
const BODY = `${HEAD} pid=21086 comm="mkdir" exe="/bin/busybox" ${TAIL}`;

describe('a seccomp record of the kernel', () => {
  it('is read as a whole', () => {
    expect(recordOfText(BODY)).to.deep.equal({
      timeMs: 1_795_465_468_951,
      serial: 880,
      pid: 21086,
      uid: 0,
      auid: undefined,
      comm: 'mkdir',
      exe: '/bin/busybox',
      sig: 0,
      arch: 0xc000003e,
      syscall: 83,
      code: 0x7ffc0000,
    });
  });

  const lines: [string, string][] = [
    ['of dmesg', `[ 1234.567890] audit: type=1326 ${BODY}`],
    ['of /dev/kmsg', `5,1234,5678901,-;audit: type=1326 ${BODY}`],
    ['of journalctl --dmesg', `Nov 24 10:00:00 node-a kernel: audit: type=1326 ${BODY}`],
    ['of journalctl', `Nov 24 10:00:00 node-a audit[21086]: SECCOMP ${BODY.slice(BODY.indexOf('auid='))}`],
    ["of auditd's file", `type=SECCOMP msg=${BODY}`],
    ['of it with what auditd adds', `type=SECCOMP msg=${BODY}\x1dARCH=x86_64 SYSCALL=mkdir AUID="unset" UID="root"`],
  ];
  for (const [what, line] of lines) {
    it(`is found in a line ${what}`, () => {
      expect(recordOfLine(line)).to.include({ pid: 21086, syscall: 83, comm: 'mkdir' });
    });
  }

  const others: [string, string][] = [
    ['of another type', `audit: type=1400 ${BODY}`],
    ['that only speaks of one', 'kauditd_printk_skb: 17 callbacks suppressed'],
    ['that was cut', `audit: type=1326 ${HEAD} pid=21086 comm="mk`],
  ];
  for (const [what, line] of others) {
    it(`is not found in a line ${what}`, () => {
      expect(recordOfLine(line)).to.equal(undefined);
    });
  }

  it('has a comm with spaces in hexadecimal, as UTF-8', () => {
    const comm = Buffer.from('nginx: wörker').toString('hex').toUpperCase();
    expect(recordOfText(`${HEAD} pid=7 comm=${comm} exe=${comm} ${TAIL}`)).to.include({
      comm: 'nginx: wörker',
      exe: 'nginx: wörker',
    });
  });

  it('may lack the program, which is so for kernel threads', () => {
    expect(recordOfText(`${HEAD} pid=7 comm="x" exe=(null) ${TAIL}`)?.exe).to.equal(undefined);
  });

  it('may name the context of an LSM, which has a space with AppArmor', () => {
    const subj = 'subj=cri-containerd.apparmor.d (enforce)';
    expect(recordOfText(`${HEAD} ${subj} pid=7 comm="x" exe="/x" ${TAIL}`)).to.include({ pid: 7, comm: 'x' });
  });

  it('is not altered by a program that calls itself like a field', () => {
    expect(recordOfText(`${HEAD} pid=7 comm="pid=1,arch=0" exe="/x,sig=31" ${TAIL}`)).to.include({
      pid: 7,
      comm: 'pid=1,arch=0',
      sig: 0,
      arch: 0xc000003e,
    });
  });
});
