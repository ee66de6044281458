# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a second ceph-fuse takes over a mount, under those who use it."""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import platform
import re
import time
import typing as t
from pathlib import Path

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fuse import PLACE

PROC = "/proc"
MOUNTS = "/proc/self/mountinfo"
SETTLING = 3  # seconds
# Linux' own numbers; those of the younger system calls are the same on all its architectures.
_OPEN_TREE, _MOVE_MOUNT = 428, 429
_RENAME = {"x86_64": 316, "ppc64le": 357, "s390x": 347}.get(platform.machine(), 276)  # renameat2
_AT_FDCWD = -100
_OPEN_TREE_CLONE = 1
_FROM_EMPTY_PATH, _BENEATH = 0x4, 0x200
_EXCHANGE = 2  # of renameat2
_DETACH = 2
# What a kernel says that knows no such call (before Linux 5.2), or not this way of it (before 6.5).
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


def _commands() -> t.Iterator[tuple[Path, str]]:
    """Yield the directory below /proc and the command line, split by NUL, of each process."""
    for path in Path(PROC).glob("[0-9]*"):
        try:
            yield path, (path / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue


def started_at(program: str, identity: str) -> float:
    """Return when the youngest process of this program with C(--id identity) has started, in seconds since 1970.

    It is 0 where there is none.
    """
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    starts = [0.0]
    for path, command in _commands():
        argv = command.split("\0")
        if os.path.basename(argv[0]) == program and ["--id", identity] in [argv[i : i + 2] for i in range(len(argv))]:
            try:
                ticks = parse_start((path / "stat").read_text())
            except (OSError, IndexError, ValueError):  # it has ended meanwhile
                continue
            starts.append(booted + ticks / os.sysconf("SC_CLK_TCK"))
    return max(starts)


class Handover:
    """A mount, and the one in a place of its own that is to be in its stead.

    A ceph-fuse knows itself by the path that it was mounted at: now and then it has the kernel forget names by mounting
    that path anew, and it ends itself where it cannot. So the place leads to the mount afterwards, as a link.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.libc = ctypes.CDLL(None, use_errno=True)

    def _mounts(self) -> list[Mounted]:
        return parse_mounts(Path(MOUNTS).read_text())

    def _begun(self) -> list[Mounted]:
        return [mount for mount in self._mounts() if re.fullmatch(re.escape(PLACE) + r"\w{6}", mount.point)]

    @property
    def is_begun(self) -> bool:
        """Tell whether something is mounted in a place."""
        return bool(self._begun())

    def drop(self) -> None:
        """Give up what a run that was cut short has mounted."""
        for mount in self._begun():
            self._leave(mount.point)

    def finish(self) -> None:
        """Put what is mounted in a place in the stead of the mount. Raises OSError; then the old one is still there.

        Every step can be the last one of a run that is killed: the next one goes on from there.
        """
        begun = self._begun()[-1]
        if begun.device not in devices_at(self._mounts(), self.path):
            self._put_beneath(begun.point)
        while devices_at(self._mounts(), self.path)[-1] != begun.device:
            self._unmount(self.path)
        # It tries whether it can mount anew when it starts, once, and does not forgive then.
        time.sleep(SETTLING)
        self.drop()
        self._sweep()

    def _put_beneath(self, place: str) -> None:
        """Mount what is in a place beneath the mount, too; where the kernel cannot, in its stead at once."""
        try:
            tree = self._call(_OPEN_TREE, _AT_FDCWD, place.encode(), _OPEN_TREE_CLONE)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            self._swap(place)
            return
        try:
            self._call(_MOVE_MOUNT, tree, b"", _AT_FDCWD, self.path.encode(), _FROM_EMPTY_PATH | _BENEATH)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            self._swap(place)
        finally:
            os.close(tree)

    def _swap(self, place: str) -> None:
        bind = 4096
        self._unmount(self.path)
        if self.libc.mount(place.encode(), self.path.encode(), None, ctypes.c_ulong(bind), None) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self.path)

    def _leave(self, place: str) -> None:
        """Unmount what is in a place, and let the place lead to the mount from then on, as nearly at once as can be."""
        link = f"{place}.link"
        if not os.path.islink(link):
            os.symlink(self.path, link)
        self._unmount(place)
        self._call(_RENAME, _AT_FDCWD, link.encode(), _AT_FDCWD, place.encode(), _EXCHANGE)
        os.rmdir(link)

    def _sweep(self) -> None:
        """Remove the places of those that have ended."""
        used = "\0".join(command for _process, command in _commands())
        for path in glob.glob(f"{PLACE}??????"):
            if os.path.islink(path) and path not in used:
                os.unlink(path)

    def _unmount(self, path: str) -> None:
        """Take a mount away from its place; who uses it keeps it."""
        if self.libc.umount2(path.encode(), _DETACH) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)

    def _call(self, number: int, *arguments: t.Any) -> int:
        done = int(self.libc.syscall(ctypes.c_long(number), *arguments))
        if done < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return done
