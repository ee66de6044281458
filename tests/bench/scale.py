# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the number of hosts in the inventory costs: the site model alone, and one worker more on a running site.

Two hosts are real, one that serves all and the worker; all others of the inventory are absent, and no run may wait for
them. Processor time is what to compare: it hardly depends on what else the machine does.
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

from lab import ENVIRON, Lab, edit_inventory  # noqa: E402 - from the directory above

INVENTORY = ROOT / "inventories" / "lab"
SIZES = (10, 100, 500, 1000)
SERVER, WORKER = "server1", "joiner1"


@dataclass(frozen=True)
class Cost:
    """What a run has cost: seconds on the clock, seconds of processor time, and MiB of its largest process."""

    hosts: int
    seconds: float
    processor: float
    memory: float


def fill(inventory: dict[str, t.Any], hosts: int) -> None:
    """Write the inventory of one host that serves all, a worker, and absent hosts up to a number."""
    inventory.clear()
    absent = {
        f"absent{number}": {"ansible_host": f"198.18.{number // 250}.{number % 250 + 1}"} for number in range(hosts - 2)
    }
    stores = {name: None for number, name in enumerate(absent) if number % 10 == 0}
    workers = {name: None for name in (WORKER, *absent) if name not in stores}
    server = {SERVER: None}
    inventory.update(
        all={
            "hosts": {
                SERVER: {"ansible_host": "198.51.100.31"},
                WORKER: {"ansible_host": "198.51.100.32"},
                **absent,
            },
            "vars": {"site_networks": ["198.51.100.0/24", "198.18.0.0/15"]},
        },
        ceph_mons={"hosts": server},
        ceph_osds={
            "hosts": {**server, **stores},
            "vars": {"ceph_osd_devices": [{"path": "/var/lib/sitewright-lab/osd", "size": "6G"}]},
        },
        ceph_mdss={"hosts": server},
        ceph_clients={"hosts": workers},
        condor_managers={"hosts": server},
        condor_submits={"hosts": server},
        condor_executes={"hosts": workers},
    )


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
    for hosts in (2, *SIZES):
        (directory / str(hosts)).mkdir()
        labs[hosts] = write_inventory(directory / str(hosts), hosts)
    real = labs.pop(2)  # without absent hosts
    print("validate.yml ...", flush=True)
    model = [measure(lab, hosts, "validate.yml") for hosts, lab in labs.items()]
    print("the site ...", flush=True)
    real.destroy()
    real.create()
    real.play("site.yml", "--limit", SERVER)
    added = []
    for hosts, lab in labs.items():
        print(f"one worker more, in an inventory of {hosts} hosts ...", flush=True)
        real.destroy("--limit", WORKER)
        real.create()
        added.append(measure(lab, hosts, "site.yml", "--limit", WORKER))
    real.destroy()
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
    show(f"site.yml --limit {WORKER}", added)
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
