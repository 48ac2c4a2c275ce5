// Readers of the formats that syscall tables come in. Each gives a Map of name to number, or to kernel version.

/** The kernel's `asm/unistd_*.h`; x32's numbers without their bit 30. */
export function readHeader(text) {
  const found = text.matchAll(
    /^#define __NR_(\w+)\s+\(?(?:__X32_SYSCALL_BIT \+ |__NR_SYSCALL_BASE\s*\+\s*)?(\d+)\)?$/gm,
  );
  return new Map([...found].map(([, name, number]) => [name, Number(number)]));
}

/** ARM's private calls, `__ARM_NR_*` in `asm/unistd.h` (EABI: their base is 0x0f0000). */
export function readArmPrivate(text) {
  const found = text.matchAll(/^#define __ARM_NR_(\w+)\s+\(__ARM_NR_BASE\+(\d+)\)$/gm);
  return new Map([...found].map(([, name, number]) => [name, 0x0f0000 + Number(number)]));
}

/** `zsysnum_linux_*.go` of golang.org/x/sys/unix. */
export function readGo(text) {
  const found = text.matchAll(/^\tSYS_(\w+)\s+= (\d+)$/gm);
  return new Map([...found].map(([, name, number]) => [name.toLowerCase(), Number(number)]));
}

/** libseccomp's `src/syscalls.csv`: a Map for each architecture, and all names. `PNR` is "not on this architecture". */
export function readCsv(text) {
  const [head, ...lines] = text.trim().split('\n');
  const columns = head.split(',');
  const names = new Set();
  const byArchitecture = new Map(columns.map(column => [column, new Map()]));
  for (const line of lines) {
    const cells = line.split(',');
    names.add(cells[0]);
    cells.forEach((cell, at) => {
      if (/^\d+$/.test(cell)) byArchitecture.get(columns[at]).set(cells[0], Number(cell));
    });
  }
  return { names, byArchitecture };
}

/** The table of syscalls(2): the kernel version that each call came with. */
export function readManualTable(text) {
  const table = text.slice(text.indexOf('.TS'), text.indexOf('.TE'));
  const rows = table
    .replaceAll(/^\.\\".*\n/gm, '')
    .replaceAll(/T\{\n([\s\S]*?)\nT\}/g, (_, cell) => cell.replaceAll('\n', ' '))
    .split('\n')
    .map(row => row.split('\t'))
    .filter(cells => cells.length > 1);
  return new Map(
    rows.map(([call, version]) => [
      call.replaceAll(/\\f\[\w*\]|^\.BR /g, '').replace(/\s*\(.*/, ''),
      // "2.0.36; 2.2" speaks of two series; only the first matters here.
      version.trim().split(';')[0],
    ]),
  );
}
