# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: which CephX keys are old, and the second, pending keys that take their place.

While an entity has a pending key the monitors accept both of its keys. The first use of the pending one makes it the
entity's only key (Ceph 18.2.7, CephxServiceHandler and AuthMonitor).
"""

from __future__ import annotations

import base64
import struct
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import key_type

_MADE = struct.Struct("<HI")  # type, and seconds since 1970
AES256K = "aes256k"
CIPHER = "auth_preferred_cipher"  # of the monitor map: the type of the keys that the monitors make
# Ceph's announcement of CVE-2025-30156.
AES256K_RELEASES = "Squid 19.2.6, Tentacle 20.2.4, Umbrella 21.2.0"


@dataclass(frozen=True)
class Keys:
    """The key of an entity, and its pending one, if it has any."""

    key: str = field(repr=False)
    pending: str | None = field(default=None, repr=False)

    @property
    def newest(self) -> str:
        """The key that the entity's keyring has to hold."""
        return self.pending or self.key


@dataclass
class RotationPlan:
    """What is to be done: entities to why each gets, or has, a pending key; faults are sentences against all of it."""

    reasons: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)  # those that have one already
    cipher: str | None = None  # what the monitors have to be told to make
    faults: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """The entities that are still to get a pending key."""
        return [name for name in self.reasons if name not in self.pending]

    def words(self) -> list[list[str]]:
        """Return the words of the ceph commands that carry the plan out; each of them prints keys."""
        commands = [["mon", "set", CIPHER, self.cipher]] if self.cipher and self.missing else []
        return commands + [pending_words(name) for name in self.missing]


def pending_words(name: str) -> list[str]:
    """Return the words that give an entity its pending key; an entity that has one keeps it."""
    return ["auth", "get-or-create-pending", name]


def parse_keys(entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, Keys]:
    """Return the keys by entity, from C(auth export -f json) or the answer to pending_words()."""
    return {entry["entity"]: Keys(entry["key"], entry.get("pending_key") or None) for entry in entries}


def made_at(key: str) -> int:
    """Return when a key was made, in seconds since 1970; it says so itself."""
    _type, seconds = _MADE.unpack_from(base64.b64decode(key))
    return int(seconds)


def describe_age(key: str) -> str:
    """Return the type of a key and when it was made, in words."""
    return f"{key_type(key)}, made {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(made_at(key)))}"


def plan_rotation(
    have: t.Mapping[str, Keys],
    wanted: t.Iterable[str],
    made_before: float,
    wanted_type: str | None = None,
    cipher: str | None = None,
) -> RotationPlan:
    """Decide which of the wanted entities need another key: those with one made before that moment, or of another type.

    An entity with a pending key is one that a run has begun with: it is always among them. cipher is what the monitors
    make now, None for a release that makes one type only.
    """
    plan = RotationPlan()
    if wanted_type and cipher is None and wanted_type != "aes":
        plan.faults.append(
            f"This cluster's release has no keys of the type {wanted_type}, which begin with {AES256K_RELEASES}: "
            "upgrade the cluster first, or ask for no type."
        )
        return plan
    if wanted_type and cipher and cipher != wanted_type:
        plan.cipher = wanted_type
    for name in wanted:
        keys = have.get(name)
        if keys is None:
            plan.faults.append(
                f"{name} does not exist in the cluster: run site.yml, or remove what is left of it here."
            )
        elif keys.pending:
            plan.reasons[name] = "a run that was cut short has begun with it"
            plan.pending.append(name)
        elif wanted_type and key_type(keys.key) != wanted_type:
            plan.reasons[name] = f"it is of the type {key_type(keys.key)}"
        elif made_at(keys.key) < made_before:
            plan.reasons[name] = "it is old"
    return plan
