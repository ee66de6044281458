# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long storage.yml takes in the lab, compared with a shell script that makes the same and nothing else (floor.sh).

All times are of one run on one machine. The lab's hosts are removed before, in between and after.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from lab import Lab, Play, edit_inventory, molecule  # noqa: E402 - from the directory above

INVENTORY = ROOT / "inventories" / "lab"
TASKS_OF_SECOND_RUN = 25


@dataclass(frozen=True)
class Timed:
    """What was done, how many seconds it took, and the run of Ansible, if it was one."""

    what: str
    seconds: float
    play: Play | None = None

    def tasks(self, kind: str) -> int | None:
        """Return how many tasks of a kind (ok, skipped) the host with the most of them had."""
        return max(counts[kind] for counts in self.play.recap.values()) if self.play else None


@dataclass(frozen=True)
class Aim:
    """A measured value and what it should be at most, or below."""

    what: str
    value: float
    limit: float
    strictly: bool = False

    @property
    def is_reached(self) -> bool:
        """Tell whether the value is within its limit."""
        return self.value < self.limit if self.strictly else self.value <= self.limit


def timed(what: str, work: t.Callable[[], t.Any]) -> Timed:
    """Do something and measure it; its result is kept where it is a run of Ansible."""
    print(f"{what} ...", flush=True)
    start = time.monotonic()
    result = work()
    return Timed(what, time.monotonic() - start, result if isinstance(result, Play) else None)


def run_floor() -> None:
    """Make the site by the shell script."""
    floor = [ROOT / "tests" / "bench" / "floor.sh", ROOT / "molecule" / "ssh"]
    done = subprocess.run(floor, stderr=subprocess.PIPE, text=True, timeout=900, check=False)
    if done.returncode != 0:
        pytest.fail(f"{floor[0]} ended with {done.returncode}:\n{done.stderr[-4000:]}")


def measure(site: Lab, grown: Lab) -> list[Timed]:
    """Return the floor, the first run, the second, and that for the client that the grown site has more."""
    molecule("destroy", "--scenario-name", "site")  # so that it does not remember hosts that are gone
    grown.destroy()
    site.create()
    results = [timed("the floor", run_floor)]
    site.destroy()
    site.create()
    results.append(timed("first run", lambda: site.play("storage.yml")))
    results.append(timed("second run", lambda: site.play("storage.yml")))
    grown.create()
    results.append(timed("one client more", lambda: grown.play("storage.yml", "--limit", "worker3")))
    grown.destroy()
    return results


def aims(results: list[Timed]) -> list[Aim]:
    """Return what the results should be, as ratios and as a number of tasks."""
    floor, first, second, client = results
    return [
        Aim("first run / floor", first.seconds / floor.seconds, 3),
        Aim("second run / first run", second.seconds / first.seconds, 1 / 4),
        Aim("tasks of the second run", second.tasks("ok") or 0, TASKS_OF_SECOND_RUN, strictly=True),
        Aim("one client more / first run", client.seconds / first.seconds, 1 / 5),
    ]


def add_client(inventory: dict[str, t.Any]) -> None:
    """Add a worker to the lab's inventory."""
    inventory["ceph_clients"]["hosts"]["worker3"] = {"ansible_host": "198.51.100.23"}


def main() -> None:
    """Measure, and print the tables. Ends with an error only where something failed."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            results = measure(Lab(INVENTORY), edit_inventory(INVENTORY, Path(directory), add_client))
        except (pytest.fail.Exception, subprocess.SubprocessError) as error:
            sys.exit(str(error))
    print(f"\n{'':28} seconds  tasks per host: ok  skipped")
    for result in results:
        counts = ["" if count is None else count for count in (result.tasks("ok"), result.tasks("skipped"))]
        print(f"{result.what:28} {result.seconds:7.1f} {counts[0]:>19} {counts[1]:>8}")
    print(f"\n{'':28} reached     aim")
    for aim in aims(results):
        sign = "<" if aim.strictly else "<="
        missed = "" if aim.is_reached else "  aim missed"
        print(f"{aim.what:28} {aim.value:7.2f} {sign:>4} {aim.limit:g}{missed}")


if __name__ == "__main__":
    main()
