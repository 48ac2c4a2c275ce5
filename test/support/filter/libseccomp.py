"""Builds filters with the real libseccomp as runc and crun do, for tests that compare.

Reads one JSON object a line: {"profile": <OCI linux.seccomp>, "runtime": "runc" | "crun", "native": "x86_64" ...,
"optimizes": whether it is a runc that asks for a binary tree (from 1.2 on)};
answers one a line: {"bpf": <base64>, "endian": "little" | "big", "highest": {<architecture>: n}} or
{"error": <errno's name or a word>, "rule": n}. "highest" are the numbers above which the program that runc puts in front
answers ENOSYS. The first line it writes tells libseccomp's version, by the calls that it knows: distributions give older
releases the tables of newer ones. What an architecture other than this machine's would build is got by
taking this machine's out of the filter: names are translated the same way.

runc: libcontainer/seccomp/seccomp_linux.go (InitSeccomp, matchCall) and libseccomp-golang's AddRule and
AddRuleConditional, which call seccomp_rule_add_array. crun: src/libcrun/seccomp.c (libcrun_generate_seccomp).
libseccomp may loop for ever: SIGPROF ends this process then, and the reader takes that for the answer.
"""

import base64
import ctypes
import errno
import json
import os
import signal
import sys

lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Version(ctypes.Structure):
    _fields_ = [("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint)]


lib.seccomp_version.restype = ctypes.POINTER(Version)
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
lib.seccomp_release.argtypes = [ctypes.c_void_p]
lib.seccomp_arch_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_arch_remove.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_arch_resolve_name.restype = ctypes.c_uint32
lib.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
lib.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
lib.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.seccomp_rule_add_array.argtypes = [
    ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Comparison)]

ACTIONS = {
    "KILL": 0x00000000, "KILL_THREAD": 0x00000000, "KILL_PROCESS": 0x80000000, "TRAP": 0x00030000,
    "ERRNO": 0x00050000, "TRACE": 0x7FF00000, "LOG": 0x7FFC0000, "ALLOW": 0x7FFF0000, "NOTIFY": 0x7FC00000}
COMPARISONS = {"NE": 1, "LT": 2, "LE": 3, "EQ": 4, "GE": 5, "GT": 6, "MASKED_EQ": 7}
BIG_ENDIAN = {"s390x", "s390", "ppc", "ppc64", "mips", "mips64", "mips64n32", "parisc", "parisc64"}
OPTIMIZE = 8
NO_NEW_PRIVS = 3
UNKNOWN_NAME = -1
EPERM = 1


class Refused(Exception):
    def __init__(self, what, rule=None):
        super().__init__(what)
        self.what = what
        self.rule = rule


def check(code, rule=None):
    if code < 0:
        raise Refused(errno.errorcode.get(-code, str(code)), rule)


def action_of(name, errno_ret, runtime):
    value = ACTIONS[name.removeprefix("SCMP_ACT_")]
    if value not in (ACTIONS["ERRNO"], ACTIONS["TRACE"]):
        if errno_ret is not None and runtime == "crun":
            raise Refused("errnoRet")
        return value
    return value | ((EPERM if errno_ret is None else errno_ret) & 0xFFFF)


def comparison_of(arg):
    return Comparison(arg["index"], COMPARISONS[arg["op"].removeprefix("SCMP_CMP_")],
                      arg.get("value", 0), arg.get("valueTwo", 0))


def add_rule(context, number, action, args, rule, runtime):
    if runtime == "crun":
        args = args[:6]
    indexes = [arg["index"] for arg in args]
    if any(index > 5 for index in indexes):
        raise Refused("index", rule)
    one_by_one = len(set(indexes)) < len(indexes)
    for some in ([[arg] for arg in args] if one_by_one else [args]):
        array = (Comparison * 6)(*map(comparison_of, some))
        check(lib.seccomp_rule_add_array(context, action, number, len(some), array), rule)


def add_architectures(context, profile, native):
    own = lib.seccomp_arch_resolve_name(b"x86_64")
    native_token = lib.seccomp_arch_resolve_name(native.encode())
    if native_token != own:
        if native in BIG_ENDIAN:
            check(lib.seccomp_arch_remove(context, own))
            check(lib.seccomp_arch_add(context, native_token))
        else:
            check(lib.seccomp_arch_add(context, native_token))
            check(lib.seccomp_arch_remove(context, own))
    for name in profile.get("architectures", []):
        token = lib.seccomp_arch_resolve_name(name.removeprefix("SCMP_ARCH_").lower().encode())
        if token == 0:
            raise Refused("architecture")
        code = lib.seccomp_arch_add(context, token)
        if code != -errno.EEXIST:
            check(code)


def build(profile, runtime, native, optimizes):
    default = action_of(profile["defaultAction"], profile.get("defaultErrnoRet"), runtime)
    context = lib.seccomp_init(default)
    if not context:
        raise Refused("default")
    try:
        add_architectures(context, profile, native)
        if runtime == "runc":
            if optimizes and sum(len(rule["names"]) for rule in profile["syscalls"]) > 32:
                lib.seccomp_attr_set(context, OPTIMIZE, 2)
            check(lib.seccomp_attr_set(context, NO_NEW_PRIVS, 0))
        for index, rule in enumerate(profile["syscalls"]):
            action = action_of(rule["action"], rule.get("errnoRet"), runtime)
            if action == default:
                continue
            for name in rule["names"]:
                number = lib.seccomp_syscall_resolve_name(name.encode())
                if number != UNKNOWN_NAME:
                    add_rule(context, number, action, rule.get("args", []), index, runtime)
        return export(context)
    finally:
        lib.seccomp_release(context)


def highest_numbers(profile, runtime, native):
    """As findLastSyscalls and generatePatch of runc's libcontainer/seccomp/patchbpf/enosys_linux.go."""
    if runtime != "runc" or profile["defaultAction"] in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"):
        return {}
    found = {}
    for arch in {f"SCMP_ARCH_{native.upper()}", *profile.get("architectures", [])}:
        token = lib.seccomp_arch_resolve_name(arch.removeprefix("SCMP_ARCH_").lower().encode())
        names = [name for rule in profile["syscalls"] for name in rule["names"]]
        highest = max([0, *(lib.seccomp_syscall_resolve_name_arch(token, name.encode()) for name in names)])
        if highest > 0:
            found[arch] = highest
    return found


def export(context):
    memory = os.memfd_create("bpf")
    try:
        check(lib.seccomp_export_bpf(context, memory))
        return os.pread(memory, 1 << 24, 0)
    finally:
        os.close(memory)


def answer(request):
    native = request.get("native", "x86_64")
    try:
        program = build(request["profile"], request["runtime"], native, request["optimizes"])
    except Refused as refused:
        return {"error": refused.what, "rule": refused.rule}
    return {
        "bpf": base64.b64encode(program).decode(),
        "endian": "big" if native in BIG_ENDIAN else "little",
        "highest": highest_numbers(request["profile"], request["runtime"], native)}


def release():
    """By one call of those that each release was the first to know."""
    for name, version in (("listns", "2.6.1"), ("mseal", "2.5.6"), ("cachestat", "2.5.5")):
        if lib.seccomp_syscall_resolve_name(name.encode()) != UNKNOWN_NAME:
            return version
    version = lib.seccomp_version().contents
    return f"{version.major}.{version.minor}.{version.micro}"


def main():
    print(json.dumps({"version": release()}), flush=True)
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_PROF, 5)
        result = answer(json.loads(line))
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(result), flush=True)


main()
