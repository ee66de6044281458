# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that leaves traces, waits for the other one, then tries to reach it and the host, and tells what came of it.

It waits for the file C(go) in its sandbox, which root of the host writes when both jobs run: the files and processes to
be reached, as the host knows them. It ends when there is a file C(leave), so that the other one still finds it.
"""

from __future__ import annotations

import ctypes
import errno
import getpass
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

PRIVATE = ("/tmp", "/var/tmp", "/dev/shm")
PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def outcome(action: t.Callable[[], t.Any]) -> str:
    """Return the name of the error that an action ends with, or C(done)."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def trace(pid: int) -> None:
    """Attach to a process as a debugger does, and let it go."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, pid, None, None) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")
    libc.ptrace(PTRACE_DETACH, pid, None, None)


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()


def wait_for(path: Path, seconds: int) -> str:
    for _round in range(seconds * 5):
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.2)
    sys.exit(f"{path} did not come within {seconds} s")


def main() -> None:
    name = sys.argv[1]
    for directory in PRIVATE:
        Path(directory, f"of-{name}").write_text(name)
    Path("/tmp/ballast").write_bytes(bytes(8 * 1024 * 1024))
    Path("secret").write_text(name)
    # Two that would outlive their parents: one that has left the session, and one that has dropped its environment too.
    for environ in (None, {}):
        subprocess.Popen(["/usr/bin/sleep", f"{7000 + os.getpid()}"], start_new_session=True, env=environ)
    Path("ready").write_text(f"{name}\n")

    targets = json.loads(wait_for(Path("go"), seconds=120))
    others = [int(pid) for pid in targets["processes"]]
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    report: dict[str, t.Any] = {
        "account": getpass.getuser(),
        "seen": {directory: sorted(os.listdir(directory)) for directory in PRIVATE},
        "link": os.path.lexists("/tmp/planted"),
        "ps": subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True, check=True).stdout,
        "first": command_of(1),
        "pids": pids,
        "signal": {pid: outcome(lambda pid=pid: os.kill(pid, signal.SIGTERM)) for pid in others},
        "trace": {pid: outcome(lambda pid=pid: trace(pid)) for pid in others},
        "files": {path: outcome(lambda path=path: Path(path).read_bytes()) for path in targets["files"]},
    }
    sys.stdout.write(json.dumps(report))
    Path("done").write_text(f"{name}\n")
    wait_for(Path("leave"), seconds=120)


main()
