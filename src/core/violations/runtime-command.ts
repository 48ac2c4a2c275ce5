/**
 * Whether a thread is the runtime's, as it starts a container or a command in it (`runc:[2:INIT]`, `crun`), by its name. A
 * program can take that name, and gains by it only that its calls pass for the runtime's.
 */
export const isRuntime = (command: string): boolean => /^(runc|crun)\b/.test(command);
