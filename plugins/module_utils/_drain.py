# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what the modules that drain hosts have in common, whatever the batch system."""

from __future__ import annotations

import time
import typing as t

MARK = "sitewright.grid: "  # begins the reason of every drain that a module has ordered
T = t.TypeVar("T")


class Wait:
    """A wait for hosts that drain, with a record of what was missing and when."""

    def __init__(self, timeout: float, delay: float) -> None:
        """Begin now. timeout is how many seconds it lasts at most, delay those between two looks."""
        self.timeout = timeout
        self.delay = delay
        self.started = time.monotonic()
        self.progress: list[dict[str, t.Any]] = []

    @property
    def seconds(self) -> float:
        """Return how long it has lasted."""
        return round(time.monotonic() - self.started, 1)

    def until_nothing_is_missing(
        self, found: T, find_missing: t.Callable[[T], list[str]], look: t.Callable[[], T]
    ) -> tuple[T, list[str]]:
        """Look again until nothing is missing or the time is up; return the last look, and what was missing then."""
        while True:
            missing = find_missing(found)
            if not self.progress or self.progress[-1]["missing"] != missing:
                self.progress.append({"seconds": self.seconds, "missing": missing})
            if not missing or self.seconds + self.delay >= self.timeout:
                return found, missing
            time.sleep(self.delay)
            found = look()
