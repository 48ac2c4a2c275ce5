"""Numbers as the installed libseccomp gives them: reads {"tokens": {arch: token}, "names": [...]}, writes JSON.

A number below 0 is libseccomp's own for a call the architecture lacks; -1 is a name (or an architecture) it does not know.
"""
import ctypes
import json
import sys


class Version(ctypes.Structure):
    _fields_ = [(part, ctypes.c_uint) for part in ("major", "minor", "micro")]


library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_version.restype = ctypes.POINTER(Version)
version = library.seccomp_version().contents
asked = json.load(sys.stdin)
numbers = {
    arch: {name: library.seccomp_syscall_resolve_name_arch(ctypes.c_uint32(token), name.encode()) for name in asked["names"]}
    for arch, token in asked["tokens"].items()
}
json.dump({"version": f"{version.major}.{version.minor}.{version.micro}", "numbers": numbers}, sys.stdout)
