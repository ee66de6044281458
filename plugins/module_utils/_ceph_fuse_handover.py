# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a second ceph-fuse takes over a mount, under those who use it."""

from __future__ import annotations

import ctypes
import errno
import os
import time
import typing as t
from pathlib import Path

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fuse import NEXT

PROC = "/proc"
MOUNTS = "/proc/self/mountinfo"
# Linux' own numbers; those of these system calls are the same on all its architectures.
_OPEN_TREE, _MOVE_MOUNT = 428, 429
_AT_FDCWD = -100
_OPEN_TREE_CLONE = 1
_FROM_EMPTY_PATH, _BENEATH = 0x4, 0x200
_DETACH = 2
# What a kernel says that knows no such call (before Linux 5.2), or not this way of it (before 6.5).
_UNKNOWN = (errno.ENOSYS, errno.EINVAL)


def parse_mounts(text: str) -> list[tuple[str, str]]:
    """Return mount point and device (C(major:minor)) of each mount in the text of C(/proc/self/mountinfo)."""
    fields = (line.split() for line in text.splitlines())
    return [(words[4].encode().decode("unicode_escape"), words[2]) for words in fields if len(words) > 4]


def devices_at(mounts: t.Iterable[tuple[str, str]], path: str) -> list[str]:
    """Return the devices that are mounted at this path, the lowest of them first."""
    return [device for point, device in mounts if point == path]


def parse_start(stat: str) -> int:
    """Return when a process has started, in clock ticks since boot, from the text of C(/proc/PID/stat)."""
    return int(stat.rpartition(")")[2].split()[19])


def started_at(program: str, identity: str) -> float:
    """Return when the youngest process of this program with C(--id identity) has started, in seconds since 1970.

    It is 0 where there is none.
    """
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    starts = [0.0]
    for path in Path(PROC).glob("[0-9]*"):
        try:
            argv = (path / "cmdline").read_bytes().decode(errors="replace").split("\0")
            ticks = parse_start((path / "stat").read_text())
        except (OSError, IndexError, ValueError):  # it has ended meanwhile
            continue
        if os.path.basename(argv[0]) == program and ["--id", identity] in [argv[i : i + 2] for i in range(len(argv))]:
            starts.append(booted + ticks / os.sysconf("SC_CLK_TCK"))
    return max(starts)


class Handover:
    """A mount, and the one at NEXT that takes its place."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.libc = ctypes.CDLL(None, use_errno=True)

    def _devices(self, path: str) -> list[str]:
        return devices_at(parse_mounts(Path(MOUNTS).read_text()), path)

    @property
    def is_begun(self) -> bool:
        """Tell whether something is mounted at NEXT."""
        return bool(self._devices(NEXT))

    def drop(self) -> None:
        """Unmount what is at NEXT."""
        while self.is_begun:
            self._unmount(NEXT)

    def finish(self) -> None:
        """Put what is mounted at NEXT in the place of the mount. Raises OSError; then the old one is still there.

        Every step can be the last one of a run that is killed: the next one goes on from there.
        """
        device = self._devices(NEXT)[-1]
        if device not in self._devices(self.path):
            self._put_beneath()
        while self._top(self.path) != device:
            self._unmount(self.path)
        self.drop()

    def _top(self, path: str) -> str:
        """Return the device that is seen at a path."""
        try:
            number = os.stat(path).st_dev
        except OSError:  # its ceph-fuse is dead
            return ""
        return f"{os.major(number)}:{os.minor(number)}"

    def _put_beneath(self) -> None:
        """Mount what is at NEXT beneath the mount; where the kernel cannot, in its place at once."""
        try:
            tree = self._call(_OPEN_TREE, _AT_FDCWD, NEXT.encode(), _OPEN_TREE_CLONE)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            self._swap()
            return
        try:
            self._call(_MOVE_MOUNT, tree, b"", _AT_FDCWD, self.path.encode(), _FROM_EMPTY_PATH | _BENEATH)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            self._swap()
        finally:
            os.close(tree)

    def _swap(self) -> None:
        bind = 4096
        self._unmount(self.path)
        if self.libc.mount(NEXT.encode(), self.path.encode(), None, ctypes.c_ulong(bind), None) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self.path)

    def _unmount(self, path: str) -> None:
        """Take a mount away from its place; who uses it keeps it."""
        if self.libc.umount2(path.encode(), _DETACH) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)

    def _call(self, number: int, *arguments: t.Any) -> int:
        done = int(self.libc.syscall(ctypes.c_long(number), *arguments))
        if done < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return done
