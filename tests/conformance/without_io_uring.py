"""without_io_uring.py COMMAND ARGUMENTS...: runs the command where io_uring is forbidden, as container runtimes do it: a seccomp filter makes its
calls fail with EPERM, for the command and all that it starts."""

import ctypes
import errno
import os
import struct
import sys

CALLS = (425, 426, 427)  # io_uring_setup, io_uring_enter, io_uring_register: the same on all architectures.
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7FFF0000, 0x00050001


class Program(ctypes.Structure):
    _fields_ = [("size", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def forbid():
    """For this process and its children, for good."""
    steps = [(LOAD, 0, 0, 0)]  # The number of the call.
    steps += [(JUMP_IF_EQUAL, len(CALLS) - i, 0, call) for i, call in enumerate(CALLS)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, EPERM)]
    program = Program(len(steps), b"".join(struct.pack("=HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0 or
            libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program), zero, zero) != 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def is_forbidden():
    """Whatever forbids it. Also where the kernel does not have it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(ctypes.c_long(CALLS[0]), ctypes.c_long(0), None)  # No entries: EINVAL where it is allowed.
    return ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)


if __name__ == "__main__":
    forbid()
    os.execvp(sys.argv[1], sys.argv[1:])
