import { own } from '../own.ts';
import type { Condition } from './condition.ts';

/*
 * Calls that programs of some architectures make by way of socketcall(2) and ipc(2). libseccomp writes a rule for one of
 * them twice: for the call itself, and for the multiplexer with the call's number as argument 0, which a condition on
 * argument 0 has to give way to. Conditions on other arguments are kept there, although argument 1 of socketcall(2) is a
 * pointer and nothing else.
 *
 * Source: Linux, include/uapi/linux/net.h (`SYS_SOCKET` ...) and include/uapi/linux/ipc.h (`SEMOP` ...); libseccomp,
 * src/syscalls.c, `abi_rule_add`.
 */

const SOCKETCALL = [
  ...['socket', 'bind', 'connect', 'listen', 'accept', 'getsockname', 'getpeername', 'socketpair', 'send', 'recv'],
  ...['sendto', 'recvfrom', 'shutdown', 'setsockopt', 'getsockopt', 'sendmsg', 'recvmsg', 'accept4', 'recvmmsg'],
  'sendmmsg',
];

const IPC: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/** The multiplexer that stands for a call too, and the call's number there. */
export interface Multiplexed {
  readonly by: 'socketcall' | 'ipc';
  readonly number: number;
}

export function multiplexed(name: string): Multiplexed | undefined {
  const socket = SOCKETCALL.indexOf(name);
  if (socket >= 0) return { by: 'socketcall', number: socket + 1 };
  const ipc = own(IPC, name);
  return ipc === undefined ? undefined : { by: 'ipc', number: ipc };
}

export const throughMultiplexer = (conditions: readonly Condition[], number: number): Condition[] => [
  { index: 0, op: 'SCMP_CMP_EQ', value: BigInt(number), valueTwo: 0n },
  ...conditions.filter(({ index }) => index !== 0),
];
