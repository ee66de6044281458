# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a second ceph-fuse takes over a mount, under those who use it.

It mounts at the same path, upon the first one, and so knows itself by the path that stays.
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
import typing as t
from pathlib import Path

PROC = "/proc"
MOUNTS = "/proc/self/mountinfo"
# Where a run notes the device of the youngest mount, for as long as there is more than one.
NEXT = "/run/cephfs.next"
# Linux' own numbers; those of these system calls are the same on all its architectures.
_OPEN_TREE, _MOVE_MOUNT = 428, 429
_AT_FDCWD = -100
_OPEN_TREE_CLONE = 1
_FROM_EMPTY_PATH, _BENEATH = 0x4, 0x200
_DETACH = 2
# What a kernel says that knows no such call (before Linux 5.2), or not this way of it (before 6.5). The first is told
# before anything has changed, and the mounts stay one upon the other.
_UNKNOWN = (errno.ENOSYS, errno.EINVAL)


class Mounted(t.NamedTuple):
    """A mount: its number, that of the mount it is on, where it is, and its device (C(major:minor))."""

    number: str
    parent: str
    point: str
    device: str


def parse_mounts(text: str) -> list[Mounted]:
    """Return the mounts in the text of C(/proc/self/mountinfo)."""
    fields = [words for words in map(str.split, text.splitlines()) if len(words) > 4]
    return [Mounted(words[0], words[1], words[4].encode().decode("unicode_escape"), words[2]) for words in fields]


def devices_at(mounts: t.Iterable[Mounted], path: str) -> list[str]:
    """Return the devices that are mounted at this path one upon the other, the lowest of them first."""
    here = {mount.number: mount for mount in mounts if mount.point == path}
    above = {mount.parent: mount for mount in here.values() if mount.parent in here}
    stack = [mount for mount in here.values() if mount.parent not in here][:1]
    while stack and stack[-1].number in above:
        stack.append(above[stack[-1].number])
    return [mount.device for mount in stack]


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
    """The mounts at a path, one upon the other, of which the youngest takes the place of all."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.libc = ctypes.CDLL(None, use_errno=True)

    def _devices(self) -> list[str]:
        return devices_at(parse_mounts(Path(MOUNTS).read_text()), self.path)

    @property
    def is_begun(self) -> bool:
        """Tell whether more than one is mounted there."""
        return len(self._devices()) > 1

    def forget(self) -> None:
        """Forget which one was the youngest: another one is going to be mounted upon it, or is alone."""
        Path(NEXT).unlink(missing_ok=True)

    def finish(self) -> None:
        """Leave the youngest mount alone there. Raises OSError; then one is still there that serves.

        The path is never without a mount: ceph-fuse has the kernel forget names by remounting it, and ends itself where
        it cannot. Every step can be the last one of a run that is killed; the next one goes on from there.
        """
        stack = self._devices()
        note = Path(NEXT)
        noted = note.read_text().strip() if note.exists() else ""
        youngest = noted if noted in stack else stack[-1]
        if youngest != noted:
            note.write_text(youngest)
        while len(stack) > 1:
            if stack[-1] == youngest:
                self._put_beneath()
            else:
                self._unmount()
            stack = self._devices()
        self.forget()

    def _put_beneath(self) -> None:
        """Put the upper mount beneath the one below it; where the kernel cannot, in its place at once."""
        tree = self._call(_OPEN_TREE, _AT_FDCWD, self.path.encode(), _OPEN_TREE_CLONE)
        try:
            self._unmount()
            where = (_AT_FDCWD, self.path.encode())
            try:
                self._call(_MOVE_MOUNT, tree, b"", *where, _FROM_EMPTY_PATH | _BENEATH)
            except OSError as error:
                if error.errno not in _UNKNOWN:
                    raise
                self._unmount()
                self._call(_MOVE_MOUNT, tree, b"", *where, _FROM_EMPTY_PATH)
        finally:
            os.close(tree)

    def _unmount(self) -> None:
        """Take the upper mount away; who uses it keeps it."""
        if self.libc.umount2(self.path.encode(), _DETACH) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self.path)

    def _call(self, number: int, *arguments: t.Any) -> int:
        done = int(self.libc.syscall(ctypes.c_long(number), *arguments))
        if done < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return done
