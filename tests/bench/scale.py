# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the number of hosts in the inventory costs: the site model alone, and the lab's site with one worker more.

The lab's hosts are real; all others of the inventory are absent, and no run may wait for them. Processor time is what
to compare: it hardly depends on what else the machine does. The lab's hosts are removed before and after.
"""

from __future__ import annotations

import os
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

from lab import ENVIRON, Lab, edit_inventory, molecule  # noqa: E402 - from the directory above

INVENTORY = ROOT / "inventories" / "lab"
SIZES = (10, 100, 500, 1000)
NETWORK_OF_THE_ABSENT = "198.18.0.0/15"


@dataclass(frozen=True)
class Cost:
    """What a run has cost: seconds on the clock, seconds of processor time, and MiB of its largest process."""

    hosts: int
    seconds: float
    processor: float
    memory: float


def fill(inventory: dict[str, t.Any], hosts: int) -> None:
    """Fill the lab's inventory with absent hosts up to a number, one OSD host to nine workers, and add worker3."""
    inventory["all"] = {"vars": {"site_networks": ["198.51.100.0/24", NETWORK_OF_THE_ABSENT]}}
    inventory["ceph_clients"]["hosts"]["worker3"] = {"ansible_host": "198.51.100.23"}
    inventory["condor_executes"]["hosts"]["worker3"] = None
    there = {host for group in inventory.values() for host in group.get("hosts", ())}
    for number in range(hosts - len(there)):
        name, address = f"absent{number}", {"ansible_host": f"198.18.{number // 250}.{number % 250 + 1}"}
        if number % 10 == 0:
            inventory["ceph_osds"]["hosts"][name] = address
        else:
            inventory["condor_executes"]["hosts"][name] = address
            inventory["ceph_clients"]["hosts"][name] = None


def write_inventory(directory: Path, hosts: int) -> Lab:
    """Return the lab of an inventory with that many hosts, of which nearly all are absent."""
    lab = edit_inventory(INVENTORY, directory, lambda inventory: fill(inventory, hosts))
    variables = directory / "inventory" / "group_vars" / "all.yml"
    lines = variables.read_text().splitlines(keepends=True)
    variables.write_text("".join(line for line in lines if not line.startswith("site_networks:")))
    return lab


def measure(lab: Lab, hosts: int, playbook: str, *arguments: str) -> Cost:
    """Run a playbook, which has to succeed, and return what it has cost."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        run = subprocess.Popen(
            lab.argv(playbook, *arguments), cwd=ROOT, env=ENVIRON, stdout=output, stderr=subprocess.STDOUT
        )
        _pid, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        if run.returncode != 0:
            output.seek(0)
            words = output.read().decode(errors="replace")
            pytest.fail(f"{playbook} ended with {run.returncode}:\n{words[-4000:]}", pytrace=False)
    seconds = time.monotonic() - start
    return Cost(hosts, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def growth(costs: t.Sequence[Cost]) -> float:
    """Return how much steeper the processor time grows to the last size than to the one before; 1 is linear."""
    first, middle, last = costs[0], costs[-2], costs[-1]
    before = (middle.processor - first.processor) / (middle.hosts - first.hosts)
    after = (last.processor - middle.processor) / (last.hosts - middle.hosts)
    return after / before


def measure_all(directory: Path) -> tuple[list[Cost], list[Cost]]:
    """Return the costs of validate.yml, and of site.yml for one new worker, for each size."""
    labs = {}
    for hosts in SIZES:
        (directory / str(hosts)).mkdir()
        labs[hosts] = write_inventory(directory / str(hosts), hosts)
    print("validate.yml ...", flush=True)
    model = [measure(lab, hosts, "validate.yml") for hosts, lab in labs.items()]
    molecule("destroy", "--scenario-name", "site")  # so that it does not remember hosts that are gone
    site, worker = Lab(INVENTORY), ("--limit", "worker3")
    smallest = labs[SIZES[0]]
    smallest.destroy(*worker)
    site.create()
    print("the lab's site ...", flush=True)
    site.play("site.yml")
    added = []
    for hosts, lab in labs.items():
        print(f"one worker more, in an inventory of {hosts} hosts ...", flush=True)
        smallest.destroy(*worker)
        smallest.play("../molecule/shared/create.yml", *worker)
        added.append(measure(lab, hosts, "site.yml", *worker))
    smallest.destroy(*worker)
    site.destroy()
    return model, added


def show(what: str, costs: t.Sequence[Cost]) -> None:
    """Print a table."""
    print(f"\n{what:32} hosts  seconds  processor s  MiB")
    for cost in costs:
        print(f"{'':32} {cost.hosts:5} {cost.seconds:8.1f} {cost.processor:12.1f} {cost.memory:4.0f}")


def main() -> None:
    """Measure, and print the tables. Ends with an error only where something failed."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            model, added = measure_all(Path(directory))
        except (pytest.fail.Exception, subprocess.SubprocessError) as error:
            sys.exit(str(error))
    show("validate.yml", model)
    show("site.yml --limit worker3", added)
    aims = (
        ("validate.yml: steepness of growth, 1 is linear", growth(model), 1.5),
        (f"one worker more: seconds at {SIZES[-1]} / at {SIZES[0]} hosts", added[-1].seconds / added[0].seconds, 2),
        ("the same in processor seconds", added[-1].processor / added[0].processor, 2),
    )
    print(f"\n{'':52} reached     aim")
    for what, value, limit in aims:
        print(f"{what:52} {value:7.2f}   <= {limit:g}{'' if value <= limit else '  aim missed'}")


if __name__ == "__main__":
    main()
