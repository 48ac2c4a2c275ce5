"""Writes the seccomp filter that a process runs under (the newest one), in base64. Needs root. Argument: the pid.

ptrace(2), PTRACE_SECCOMP_GET_FILTER: the kernel gives the classic BPF program back as it was loaded.
"""

import base64
import ctypes
import os
import sys

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_SECCOMP_GET_FILTER = 17, 0x4206, 0x4207, 0x420C
WAIT_ALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=None):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


pid = int(sys.argv[1])
ptrace(PTRACE_SEIZE, pid)
ptrace(PTRACE_INTERRUPT, pid)
os.waitpid(pid, WAIT_ALL)
memory = ctypes.create_string_buffer(8 * ptrace(PTRACE_SECCOMP_GET_FILTER, pid))
ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, memory)
ptrace(PTRACE_DETACH, pid)
print(base64.b64encode(memory.raw).decode())
