# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: systemd's units, many in one call."""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, redact

PROPERTIES = "Id,ActiveState,UnitFileState,ActiveEnterTimestampMonotonic"
JOURNAL_LINES = 15
PROC = "/proc"
_DELETED = " (deleted)"  # how the kernel shows a file that has no name any more


@dataclass(frozen=True)
class Unit:
    """What systemd says of a unit; one that it has never heard of is neither enabled nor running.

    started_at is when it last became active, in seconds since 1970.
    """

    enabled: bool = False
    running: bool = False
    failed: bool = False
    started_at: float = 0.0


def parse_show(text: str, booted_at: float) -> dict[str, Unit]:
    """Return unit name to Unit from C(systemctl show), which prints a block of C(name=value) lines per unit.

    booted_at is when the monotonic clock started, in seconds since 1970; systemd's other times are in a language.
    """
    units = {}
    for values in _blocks(text):
        if "Id" in values:
            state = values.get("ActiveState")
            units[values["Id"]] = Unit(
                enabled=values.get("UnitFileState") in ("enabled", "static"),
                running=state == "active",
                failed=state == "failed",
                started_at=booted_at + int(values.get("ActiveEnterTimestampMonotonic", 0)) / 1e6,
            )
    return units


def parse_processes(text: str) -> dict[str, int]:
    """Return unit name to main process from C(systemctl show); a unit that does not run has none."""
    return {values["Id"]: int(values["MainPID"]) for values in _blocks(text) if values.get("MainPID", "0") != "0"}


def _blocks(text: str) -> t.Iterator[dict[str, str]]:
    """Yield what C(systemctl show) prints of each unit, name to value."""
    for block in text.strip().split("\n\n"):
        yield dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def replaced_program(process: int) -> str | None:
    """Return the program of a process if another file has taken its place since the process started, else None.

    That is what an upgraded package leaves behind, whatever the versions are called.
    """
    try:
        program = os.readlink(f"{PROC}/{process}/exe")
    except OSError:  # it has ended
        return None
    return program[: -len(_DELETED)] if program.endswith(_DELETED) else None


class Systemd:
    """The units of a host. Starting and enabling is left to the caller's plan; this reads."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli

    def units(self, names: list[str]) -> dict[str, Unit]:
        """Return the state of these units. A bare host in check mode may have no systemd: nothing runs there."""
        if not names or (self.cli.module.check_mode and not self.cli.has("systemctl")):
            return {name: Unit() for name in names}
        shown = self.cli.read(["systemctl", "show", f"--property={PROPERTIES}", "--", *names])
        found = parse_show(shown.stdout, time.time() - time.monotonic())
        return {name: found.get(name, Unit()) for name in names}

    def processes(self, names: list[str]) -> dict[str, int]:
        """Return the number of the main process of those of these units that run."""
        shown = self.cli.read(["systemctl", "show", "--property=Id,MainPID", "--", *names]) if names else None
        return parse_processes(shown.stdout) if shown else {}

    def last_words(self, name: str) -> str:
        """Return the unit's last lines in the journal, keys redacted, for an error message."""
        argv = ["journalctl", "--unit", name, "--lines", str(JOURNAL_LINES), "--no-pager", "--output", "cat"]
        done = self.cli.read(argv, ok=range(256))
        return redact(done.stdout.strip() or done.stderr.strip() or "its journal is empty")


def plan_start(units: t.Mapping[str, Unit], targets: t.Mapping[str, Unit]) -> list[list[str]]:
    """Return the commands that enable and start these units, and enable the targets that start them at boot.

    A unit that has failed too often is only started again after its failure is forgotten.
    """
    start = [name for name, unit in units.items() if not (unit.running and unit.enabled)]
    failed = [name for name in start if units[name].failed]
    enable = [name for name, unit in targets.items() if not unit.enabled]
    commands = []
    if failed:
        commands.append(["systemctl", "reset-failed", *failed])
    if enable:
        commands.append(["systemctl", "enable", *enable])
    if start:
        commands.append(["systemctl", "enable", "--now", *start])
    return commands
