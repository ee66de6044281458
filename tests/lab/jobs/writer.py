# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes files with known content and reads others back, until it is told to stop (SIGTERM); then it reads all of them.

Usage: writer.py DIRECTORY REPORT. The report is JSON: how many files there are, the longest time that one write took,
in seconds, and what was wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

SIZE = 256 * 1024


class Writer:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sums: dict[str, str] = {}
        self.errors: list[str] = []
        self.longest = 0.0
        self.stopped = False

    def stop(self, *_signal: object) -> None:
        self.stopped = True

    def write(self, name: str) -> None:
        content = os.urandom(SIZE)
        begin = time.monotonic()
        with (self.directory / name).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        self.longest = max(self.longest, time.monotonic() - begin)
        self.sums[name] = hashlib.sha256(content).hexdigest()

    def check(self, name: str) -> None:
        if hashlib.sha256((self.directory / name).read_bytes()).hexdigest() != self.sums[name]:
            self.errors.append(f"{name} has another content")

    def run(self) -> None:
        while not self.stopped:
            try:
                self.write(f"file{len(self.sums)}")
                self.check(f"file{int.from_bytes(os.urandom(4), 'big') % len(self.sums)}")
            except OSError as error:
                self.errors.append(str(error))
            time.sleep(0.1)
        for name in self.sums:
            try:
                self.check(name)
            except OSError as error:
                self.errors.append(str(error))


def main() -> None:
    directory, report = Path(sys.argv[1]), Path(sys.argv[2])
    directory.mkdir()
    writer = Writer(directory)
    signal.signal(signal.SIGTERM, writer.stop)
    writer.run()
    result = {"files": len(writer.sums), "longest": round(writer.longest, 1), "errors": writer.errors[:10]}
    report.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
