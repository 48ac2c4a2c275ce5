/** A descriptor that is watched by the event loop until it is closed. */
export interface Poll {
  close(): void;
}

/** The few calls of the C library that Node has no words for: it knows no AF_NETLINK (docs/decisions/0009). */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  /** SO_ATTACH_FILTER takes a pointer inside of its value. */
  attachFilter(
    fd: number,
    level: number,
    name: number,
    program: { len: number; filter: Buffer },
    length: number,
  ): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  send(fd: number, message: Buffer, length: number, flags: number): number;
  recv(fd: number, into: Buffer, length: number, flags: number): number;
  /** Of the call before. */
  errno(): number;
  poll(fd: number, readable: () => void): Poll;
}

/** The part of koffi's native module that is used (koffi.dev). */
interface Koffi {
  /** Without a name: names are the process's, and a second one alike is refused. */
  struct(fields: Readonly<Record<string, string>>): unknown;
  pointer(type: unknown): unknown;
  load(path: null): {
    func(prototype: string): (...values: unknown[]) => number;
    func(name: string, result: string, parameters: readonly unknown[]): (...values: unknown[]) => number;
  };
  errno(): number;
  readonly node: {
    poll(fd: number, options: { readable: true }, event: (status: number, events: object) => void): Poll;
  };
}

/** Throws where koffi has no prebuilt module for this architecture, or it was not installed. */
export async function loadLibc(): Promise<Libc> {
  const name = `@koromix/koffi-linux-${process.arch}`;
  const { default: koffi } = (await import(name)) as { default: Koffi };
  const sockFprog = koffi.pointer(koffi.struct({ len: 'uint16_t', filter: 'const void *' }));
  const process_ = koffi.load(null);
  return {
    socket: process_.func('int socket(int, int, int)'),
    bind: process_.func('int bind(int, const void *, uint32_t)'),
    setsockopt: process_.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    attachFilter: process_.func('setsockopt', 'int', ['int', 'int', 'int', sockFprog, 'uint32_t']),
    getsockopt: process_.func('int getsockopt(int, int, int, _Out_ void *, _Inout_ void *)'),
    send: process_.func('intptr_t send(int, const void *, size_t, int)'),
    recv: process_.func('intptr_t recv(int, _Out_ void *, size_t, int)'),
    errno: () => koffi.errno(),
    poll: (fd, readable) => koffi.node.poll(fd, { readable: true }, readable),
  };
}
