"""Makes calls under a filter on the running kernel (x86_64), for tests that compare.

Reads one JSON object a line: {"bpf": <base64>, "abi": "x86_64" | "i386", "number": n, "args": ["n", ...]};
answers one a line: {"returned": n}, {"trapped": true} or {"killed": true}.

For each request a child loads the filter and makes the one call, both in a few instructions of its own, since whatever else
it called might be refused. It leaves the result in shared memory and ends by an instruction that there is not.
"""

import base64
import ctypes
import json
import mmap
import os
import resource
import signal
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)

PR_SET_NO_NEW_PRIVS = 38
ULONG = ctypes.c_uint64
STARTED, RETURNED, TRAPPED = 1, 2, 3

# The shared page, in words of 64 bits: what prctl returned, how far it came, the result, number and arguments.
LOADED, PROGRESS, RESULT, NUMBER = 0, 1, 2, 8
REGISTERS = {"x86_64": ["rdi", "rsi", "rdx", "r10", "r8", "r9"], "i386": ["rbx", "rcx", "rdx", "rsi", "rdi", "rbp"]}
# mov REGISTER, [r15 + offset of 32 bits]: prefix, opcode, register and base.
LOAD = {
    "rax": b"\x49\x8b\x87", "rbx": b"\x49\x8b\x9f", "rcx": b"\x49\x8b\x8f", "rdx": b"\x49\x8b\x97",
    "rsi": b"\x49\x8b\xb7", "rdi": b"\x49\x8b\xbf", "rbp": b"\x49\x8b\xaf", "r8": b"\x4d\x8b\x87",
    "r9": b"\x4d\x8b\x8f", "r10": b"\x4d\x8b\x97"}
STORE_RAX = b"\x49\x89\x87"
SYSCALL = {"x86_64": b"\x0f\x05", "i386": b"\xcd\x80"}
UNDEFINED = b"\x0f\x0b"


def at(word):
    return struct.pack("<i", word * 8)


def progress(value):
    """mov qword [r15 + PROGRESS], value"""
    return b"\x49\xc7\x87" + at(PROGRESS) + struct.pack("<i", value)


def code(abi, page, program):
    """prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program), then the call."""
    load_filter = (
        b"\x49\xbf" + struct.pack("<Q", page)            # mov r15, page
        + b"\xb8" + struct.pack("<I", 157)               # mov eax, prctl
        + b"\xbf" + struct.pack("<I", 22)                # mov edi, PR_SET_SECCOMP
        + b"\xbe" + struct.pack("<I", 2)                 # mov esi, SECCOMP_MODE_FILTER
        + b"\x48\xba" + struct.pack("<Q", program)       # mov rdx, program
        + SYSCALL["x86_64"] + STORE_RAX + at(LOADED) + progress(STARTED))
    arguments = b"".join(LOAD[name] + at(NUMBER + 1 + index) for index, name in enumerate(REGISTERS[abi]))
    return (load_filter + LOAD["rax"] + at(NUMBER) + arguments + SYSCALL[abi]
            + STORE_RAX + at(RESULT) + progress(RETURNED) + UNDEFINED)


# r15 is as the interrupted code left it.
HANDLER = progress(TRAPPED) + UNDEFINED

page = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
words = (ULONG * 64).from_buffer(page)
executable = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
base = ctypes.addressof(ctypes.c_char.from_buffer(executable))
CODE_AT = 256


class Sigaction(ctypes.Structure):
    _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_char * 128),
                ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def make_call(request):
    instructions = base64.b64decode(request["bpf"])
    memory = ctypes.create_string_buffer(instructions, len(instructions))
    program = Program(len(instructions) // 8, ctypes.addressof(memory))
    for word in range(16):
        words[word] = 0
    words[NUMBER] = request["number"]
    for index, argument in enumerate(request["args"]):
        words[NUMBER + 1 + index] = int(argument)
    machine = code(request["abi"], ctypes.addressof(words), ctypes.addressof(program))
    executable[:len(HANDLER)] = HANDLER
    executable[CODE_AT:CODE_AT + len(machine)] = machine
    child = os.fork()
    if child == 0:
        libc.sigaction(signal.SIGSYS, ctypes.byref(Sigaction(base)), None)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        ctypes.CFUNCTYPE(None)(base + CODE_AT)()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    return result_of(status)


def result_of(status):
    if words[LOADED] != 0 or words[PROGRESS] == 0:
        return {"error": f"the filter was not loaded: {ctypes.c_int64(words[LOADED]).value}"}
    if words[PROGRESS] == RETURNED:
        return {"returned": ctypes.c_int64(words[RESULT]).value}
    if words[PROGRESS] == TRAPPED:
        return {"trapped": True}
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        return {"killed": True}
    return {"error": f"ended with status {status}"}


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
for line in sys.stdin:
    print(json.dumps(make_call(json.loads(line))), flush=True)
