"""What a process gives up before it reads bytes from outside, one lock behind the other.

Resource limits (``setrlimit``), no new privileges and no dumps (``prctl``), no file, socket or signal by
Landlock, and an allow-list of system calls by seccomp: reading and writing what is open, memory, clocks,
ending. All are given up for good. A kernel without one of them keeps the others.

Sources: prctl(2), seccomp(2), landlock(7); system call numbers from the kernel's tables.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_SECCOMP_KILL_PROCESS, _SECCOMP_ERRNO, _SECCOMP_ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_PROT_EXEC = 4

#: Machine: its audit number, and the calls a reader needs once everything is imported. No open, no
#: socket, no fork, no exec, no signal to others, no sleep.
_CALLS: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "munmap": 11, "brk": 12,
            "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "writev": 20,
            "sched_yield": 24, "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60, "gettimeofday": 96,
            "getrusage": 98, "sigaltstack": 131, "gettid": 186, "futex": 202, "restart_syscall": 219,
            "clock_gettime": 228, "exit_group": 231, "getrandom": 318,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "ppoll": 73,
            "fstat": 80, "exit": 93, "exit_group": 94, "futex": 98, "clock_gettime": 113,
            "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134,
            "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165, "gettimeofday": 169,
            "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216, "madvise": 233,
            "getrandom": 278,
        },
    ),
}  # fmt: skip
#: mmap and mprotect: allowed as long as they ask for no executable memory.
_MEMORY_CALLS = {"x86_64": (9, 10), "aarch64": (222, 226)}

#: Landlock's system calls have the same numbers on every machine.
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_ASK_VERSION = 1


def lock(memory: int, processor_seconds: int, parent: int) -> list[str]:
    """Give up everything but computing; returns the names of the locks that hold.

    ``memory`` is bytes of address space, ``processor_seconds`` the processor time of this process in all.
    Ends the process when ``parent`` (a process number) is no longer its parent, and whenever it ends later.
    """
    held: list[str] = []
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0:
            held.append("ends with its parent")
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0:
            held.append("no dumps")
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            held.append("no new privileges")
        if _landlock(libc):
            held.append("landlock")
    if os.getppid() != parent:
        os._exit(0)
    _limit_resources(memory, processor_seconds)
    held.append("resource limits")
    # Last, because it refuses what sets the others.
    if libc is not None and _seccomp(libc):
        held.append("seccomp")
    return held


def _limit_resources(memory: int, processor_seconds: int) -> None:
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, processor_seconds, processor_seconds + 1),
        (resource.RLIMIT_NOFILE, 4, 4),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
    ):
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def _landlock(libc: ctypes.CDLL) -> bool:
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_ASK_VERSION)
    if version < 1:
        return False
    # Every right this version knows is named, and no rule gives one back.
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    network = 3 if version >= 4 else 0
    scopes = 3 if version >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    try:
        return bool(libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _seccomp(libc: ctypes.CDLL) -> bool:
    machine = os.uname().machine
    if machine not in _CALLS or sys.maxsize < 2**32:
        return False
    program = _filter(machine)
    memory = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, then a pointer to them
    handle = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(memory))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, handle, 0, 0) == 0)


def _filter(machine: str) -> bytes:
    """The filter as instructions of the classic Berkeley packet filter (seccomp(2))."""
    load, equal, has_bits, answer = 0x20, 0x15, 0x45, 0x06
    audit, calls = _CALLS[machine]
    refuse = _SECCOMP_ERRNO | 1  # EPERM
    # struct seccomp_data: the call's number at 0, the machine at 4, arguments of 8 bytes from 16
    program = [(load, 0, 0, 4), (equal, 1, 0, audit), (answer, 0, 0, _SECCOMP_KILL_PROCESS), (load, 0, 0, 0)]
    for number in calls.values():
        program += [(equal, 0, 1, number), (answer, 0, 0, _SECCOMP_ALLOW)]
    for number in _MEMORY_CALLS[machine]:
        program += [
            (equal, 0, 4, number),
            (load, 0, 0, 16 + 8 * 2),
            (has_bits, 1, 0, _PROT_EXEC),
            (answer, 0, 0, _SECCOMP_ALLOW),
            (answer, 0, 0, refuse),
        ]
    program.append((answer, 0, 0, refuse))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
