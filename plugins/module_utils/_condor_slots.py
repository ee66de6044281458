# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the slots that an execution point can have, and the accounts for them."""

from __future__ import annotations

import pwd
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

# From here on a host without a configuration of its slots has a partitionable one, before a static one for each CPU.
PARTITIONABLE_BY_DEFAULT = (10, 8, 0)
_SHELLS_OF_NOBODY = ("nologin", "false")


@dataclass(frozen=True)
class Account:
    """An account of the host."""

    name: str
    uid: int
    shell: str

    @property
    def is_of_system(self) -> bool:
        """Tell whether nobody can log in with it, and it is none of those that people have."""
        return 0 < self.uid < 1000 and self.shell.rsplit("/", 1)[-1] in _SHELLS_OF_NOBODY


def slot_accounts(
    config: t.Mapping[str, str], cpus: int, per_slot: int | None, prefix: str, version: tuple[int, ...] | None
) -> dict[str, str]:
    """Return the name of the account for each slot that a host can have.

    config has the knobs of the slots (NUM_SLOTS_TYPE_<N>, SLOT_TYPE_<N>_PARTITIONABLE, NUM_SLOTS); per_slot is how
    many dynamic slots a partitionable one can have at once, by default one for each CPU, as each has at least one.
    """
    names = []
    for number, partitionable in enumerate(_slots(config, cpus, version), start=1):
        if partitionable:
            names += [f"{number}_{part}" for part in range(1, (per_slot or cpus) + 1)]
        else:
            names.append(str(number))
    return {f"slot{name}": f"{prefix}{name}" for name in names}


def _slots(config: t.Mapping[str, str], cpus: int, version: tuple[int, ...] | None) -> list[bool]:
    """Return for each slot of the configuration whether it is partitionable."""
    types = sorted(int(found[1]) for name in config if (found := re.fullmatch(r"NUM_SLOTS_TYPE_(\d+)", name)))
    slots = []
    for number in types:
        count = _number(config[f"NUM_SLOTS_TYPE_{number}"], cpus)
        partitionable = config.get(f"SLOT_TYPE_{number}_PARTITIONABLE", "false").strip().lower() in (
            "true",
            "yes",
            "1",
            "t",
        )
        slots += [partitionable] * count
    if slots:
        return slots
    if "NUM_SLOTS" in config:
        return [False] * _number(config["NUM_SLOTS"], cpus)
    if version is not None and version < PARTITIONABLE_BY_DEFAULT:
        return [False] * cpus
    return [True]


def _number(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch(r"\s*\d+\s*", text) else otherwise


def parse_accounts(passwd: str) -> dict[str, Account]:
    """Return the accounts in the text of a passwd file."""
    fields = (line.split(":") for line in passwd.splitlines() if line.count(":") == 6)
    return {name: Account(name, int(uid), shell) for name, _password, uid, _gid, _gecos, _home, shell in fields}


def read_accounts(names: t.Iterable[str]) -> dict[str, Account]:
    """Return those of these accounts that exist, wherever the host has them from."""
    found = {}
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        found[name] = Account(name, entry.pw_uid, entry.pw_shell)
    return found


def check_name(name: str, longest: int = 32) -> str | None:
    """Return what is wrong with the name of an account, or with what begins one, or None."""
    if re.fullmatch(r"[a-z_][a-z0-9_-]*", name) and len(name) <= longest:
        return None
    return f"{name!r}: use at most {longest} small letters, digits, dashes and underscores, and a letter first"


def plan_accounts(have: t.Mapping[str, Account], wanted: t.Iterable[str]) -> Plan:
    """Return how to make the accounts that are wanted, with one command for all."""
    plan = Plan()
    missing = [name for name in wanted if name not in have]
    plan.before = {"accounts": sorted(have)}
    plan.after = {"accounts": sorted([*have, *missing])}
    if missing:
        # A line of sysusers.d(5) each: an account of the system, with a group of its name, that nobody can log in with.
        plan.commands = [["systemd-sysusers", "--inline", *(f'u {name} - "HTCondor slot"' for name in missing)]]
    return plan


def plan_removal(have: t.Mapping[str, Account], prefix: str) -> Plan:
    """Return how to remove the accounts of slots; one that somebody can log in with stays."""
    pattern = re.compile(re.escape(prefix) + r"\d+(_\d+)?")
    gone = [name for name, account in sorted(have.items()) if pattern.fullmatch(name) and account.is_of_system]
    return Plan({"accounts": gone}, {"accounts": []}, [["userdel", name] for name in gone])
