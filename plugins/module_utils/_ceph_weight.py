# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: giving OSDs that came with weight zero their weight in CRUSH, step by step.

Which ones are on their way is noted in the monitors' own store, by their uuids: a weight that an operator has chosen
looks the same.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_note import note_words

Json = t.Mapping[str, t.Any]

NOTE = "sitewright.grid/weighing"  # its key in the monitors' store
KIB_PER_TIB = 2**30
_CLOSE = 0.0002  # TiB; Ceph rounds weights


@dataclass(frozen=True)
class Osd:
    """An OSD: its weight in CRUSH, and what it would have by its size, both in TiB."""

    id: int
    uuid: str
    weight: float
    target: float
    is_empty: bool

    @property
    def is_light(self) -> bool:
        """Tell whether it has less than its weight."""
        return self.weight < self.target - _CLOSE


@dataclass(frozen=True)
class WeightPlan:
    """What is to be done next, as words of ceph commands, and the OSDs that are on their way."""

    rising: t.Sequence[Osd]
    words: list[list[str]]
    after: dict[str, float]

    @property
    def before(self) -> dict[str, float]:
        """Return the weights of the OSDs that are on their way."""
        return {f"osd.{osd.id}": osd.weight for osd in self.rising}


def parse_osds(osd_dump: Json, osd_df: Json) -> list[Osd]:
    """Return the OSDs that are up and in, by C(ceph osd dump) and C(ceph osd df)."""
    found = {node["id"]: node for node in osd_df["nodes"]}
    return [
        Osd(
            id=osd["osd"],
            uuid=osd["uuid"],
            weight=float(found[osd["osd"]]["crush_weight"]),
            target=round(found[osd["osd"]]["kb"] / KIB_PER_TIB, 4),
            is_empty=not found[osd["osd"]]["pgs"],
        )
        for osd in osd_dump["osds"]
        if osd["up"] and osd["in"] and osd["osd"] in found
    ]


def plan_weights(osds: t.Iterable[Osd], noted: t.Collection[str], step: float | None) -> WeightPlan:
    """Return the next step: up to so many TiB more for each OSD that is on its way, without a step all that it lacks.

    An OSD sets out that has no weight and no data. One that is taken out (ceph osd out) does not, and a weight that is
    not noted is the operator's.
    """
    rising = [osd for osd in osds if osd.is_light and (osd.uuid in noted or (osd.weight == 0 and osd.is_empty))]
    wanted = sorted(osd.uuid for osd in rising)
    after = {
        f"osd.{osd.id}": round(min(osd.target, osd.weight + step) if step is not None else osd.target, 4)
        for osd in rising
    }
    words = [note_words(NOTE, wanted)] if wanted != sorted(noted) else []
    words += [["osd", "crush", "reweight", name, f"{weight:g}"] for name, weight in after.items()]
    return WeightPlan(rising, words, after)


def show_progress(plan: WeightPlan, missing: t.Sequence[str]) -> str:
    """Return how far the OSDs are, in words; missing is what they wait for."""
    whole = sum(osd.target for osd in plan.rising)
    percent = 100 * sum(osd.weight for osd in plan.rising) / whole if whole else 100
    number = len(plan.rising)
    words = f"{number} OSD{'s have' if number > 1 else ' has'} {percent:.0f} % of the weight" if number else "done"
    return "; ".join([words, *missing])
