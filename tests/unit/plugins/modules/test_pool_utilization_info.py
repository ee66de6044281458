# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two tables that were printed of a real pool of 11,419 slots in 2012, by slots that sum up to them."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sitewright.grid.plugins.module_utils import _cli
from ansible_collections.sitewright.grid.plugins.modules import pool_utilization_info

# What is (unavailable, available, used), and how many of the unavailable slots are so by the expression alone.
POOLS = {
    None: ({"slots": (5968, 5451, 4179), "cpus": (6314, 5903, 4631), "memory": (14277325, 11776800, 9908190)}, 0),
    "Memory < 1024": (
        {"slots": (6292, 5127, 4177), "cpus": (6638, 5579, 4629), "memory": (14592711, 11461414, 9904193)},
        324,
    ),
}
TABLES = {
    None: """\
          Unavailable    Available        Total         Used      Avail %      Total %
Slots            5968         5451        11419         4179        76.66        36.59
Cpus             6314         5903        12217         4631        78.45        37.90
Memory       14277325     11776800     26054125      9908190        84.13        38.02""",
    "Memory < 1024": """\
          Unavailable    Available        Total         Used      Avail %      Total %
Slots            6292         5127        11419         4177        81.47        36.57
Cpus             6638         5579        12217         4629        82.97        37.88
Memory       14592711     11461414     26054125      9904193        86.41        38.01""",
}


def share(total: int, parts: int) -> list[int]:
    """Return whole numbers, nearly equal, that sum up to the total."""
    return [total // parts + (number < total % parts) for number in range(parts)]


def make_slots(prefix: str, state: str, count: int, cpus: int, memory: int) -> list[dict[str, t.Any]]:
    return [
        {"MyType": "Machine", "Name": f"{prefix}{n}@w{n}", "Machine": f"w{n}", "State": state, "Cpus": c, "Memory": m}
        for n, (c, m) in enumerate(zip(share(cpus, count), share(memory, count)))
    ]


@pytest.mark.parametrize("expression", POOLS)
def test_the_tables_of_2012(
    expression: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sums, matching = POOLS[expression]
    parts = [sums[name] for name in ("slots", "cpus", "memory")]
    unavailable, idle, used = (
        [part[0] for part in parts],
        [part[1] - part[2] for part in parts],
        [part[2] for part in parts],
    )
    ads = (
        make_slots("o", "Owner", *unavailable) + make_slots("i", "Unclaimed", *idle) + make_slots("u", "Claimed", *used)
    )
    for ad in ads[:matching]:
        ad["State"] = "Unclaimed"
    asked = []

    def execute(self: _cli.Cli, argv: list[str], stdin: str | None = None, timeout: int | None = None) -> t.Any:
        asked.append(argv[-1])
        by_expression = expression is not None and expression in argv[-1]
        return _cli.Completed(0, json.dumps(ads[:matching] if by_expression else ads), "")

    monkeypatch.setattr(_cli.Cli, "_execute", execute)
    with patch_module_args({"unavailable": expression}), pytest.raises(SystemExit):
        pool_utilization_info.main()
    assert json.loads(capsys.readouterr().out)["table"] == TABLES[expression].splitlines()
    assert len(asked) == (1 if expression is None else 2)
