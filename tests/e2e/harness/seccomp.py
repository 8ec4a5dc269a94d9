"""A process that may make only the system calls named, as systemd's SystemCallFilter= would have it; another
one ends it at once, where systemd would only have it fail, so that none goes unnoticed."""

from __future__ import annotations

import ctypes
import platform
import re
import struct
import subprocess
from pathlib import Path

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF: ld [k], jeq k, ret k.
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000  # _FAIL | errno.
_AUDIT_ARCH_X86_64 = 0xC000003E

AVAILABLE = platform.machine() == "x86_64"


def numbers() -> dict[str, int]:
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text(encoding="ascii")
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", header)}


def expanded(names: list[str]) -> set[str]:
    """The system calls that these stand for; "@group" is one of systemd's."""
    calls: set[str] = set()
    groups = [name for name in names if name.startswith("@")]
    calls.update(name for name in names if not name.startswith("@"))
    if groups:
        text = subprocess.run(["systemd-analyze", "syscall-filter", *groups], check=True, capture_output=True, text=True).stdout
        members = {line.strip() for line in text.splitlines() if line.startswith(" ") and not line.strip().startswith("#")}
        calls |= expanded(sorted(members))
    return calls


def filtered(unit_lines: list[str]) -> set[str]:
    """What several SystemCallFilter= lines leave; a line with "~" takes away."""
    allowed: set[str] = set()
    for line in unit_lines:
        if line.startswith("~"):
            allowed -= expanded(line[1:].split())
        else:
            allowed |= expanded(line.split())
    return allowed


def confine(allowed: set[str], failing: frozenset[str] = frozenset()):
    """For preexec: only `allowed` from here on; what is `failing` fails with EPERM and nothing else happens."""
    known = numbers()
    program = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH_X86_64), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    for name in sorted(failing & known.keys()):
        program += [(_JUMP_EQUAL, 0, 1, known[name]), (_RETURN, 0, 0, _FAIL | 1)]
    for name in sorted((allowed - failing) & known.keys()):
        program += [(_JUMP_EQUAL, 0, 1, known[name]), (_RETURN, 0, 0, _ALLOW)]
    program.append((_RETURN, 0, 0, _KILL))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filter_program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)

    def preexec():
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs")
        if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filter_program, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")

    preexec.code = code  # Kept alive: the kernel reads it when the process is there.
    return preexec
