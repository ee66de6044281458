# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the keys that sign HTCondor's tokens, and how one takes another's place.

A pool takes tokens that any key in its directory has signed. The stages of a rotation follow from the files alone: a
successor lies beside the key; the key is replaced, so that it is the younger one; the successor is gone.
"""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass

SIZE = 64  # bytes, as HTCondor makes them
# HTCondor stores a key combined with these bytes, over and over, and takes one named POOL up to its first zero only.
_SCRAMBLE = bytes.fromhex("deadbeef")

# What a rotation has come to, and which key signs the tokens that hosts have to have then.
IDLE, SUCCEEDING, RETURNING = "idle", "succeeding", "returning"


@dataclass(frozen=True)
class Ages:
    """When the two key files were written, in seconds since 1970; None for one that is not there."""

    key: float | None
    successor: float | None


def stage_of(ages: Ages) -> str:
    """Return what a rotation has come to."""
    if ages.successor is None:
        return IDLE
    return RETURNING if ages.key is not None and ages.key > ages.successor else SUCCEEDING


def next_step(ages: Ages, wanted: str, now: float, older_than: int) -> str | None:
    """Return what is to be done to come to a stage, C(make), C(replace) or C(remove); None where nothing is.

    wanted is SUCCEEDING for a successor of a key that is old, RETURNING for the key's replacement once all hosts have
    tokens of the successor, IDLE for the successor's end once all have tokens of the key again.
    """
    stage = stage_of(ages)
    if wanted == SUCCEEDING and stage == IDLE and ages.key is not None and now - ages.key > older_than:
        return "make"
    if wanted == RETURNING and stage == SUCCEEDING:
        return "replace"
    if wanted == IDLE and stage == RETURNING:
        return "remove"
    return None


def new_key(random: t.Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Return the content of a new key file: random bytes, none of which is zero for HTCondor."""
    found = bytearray()
    while len(found) < SIZE:
        byte = random(1)[0]
        if byte != _SCRAMBLE[len(found) % len(_SCRAMBLE)]:
            found.append(byte)
    return bytes(found)
