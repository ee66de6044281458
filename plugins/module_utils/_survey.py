# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the site's hosts as its own systems see them, beside what the inventory says of them.

Each system is a source, see SOURCES: what it expects of the site's hosts, and what it has heard of which host. Services
are called by the inventory's groups.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool import check_host_names
from ansible_collections.sitewright.grid.plugins.module_utils._survey_ceph import CEPH
from ansible_collections.sitewright.grid.plugins.module_utils._survey_condor import CONDOR
from ansible_collections.sitewright.grid.plugins.module_utils._survey_source import Json, Sighting, Source

SOURCES = (CEPH, CONDOR)
VERSION = re.compile(r"[\w.~+-]+")
# How many seconds nothing is heard of a host before it counts as silent: as long as HTCondor's collector waits.
SILENT_AFTER = 900


def take_survey(
    site: Json,
    answers: t.Mapping[str, t.Sequence[Json]],
    silent_after: int = SILENT_AFTER,
    sources: t.Sequence[Source] = SOURCES,
) -> dict[str, t.Any]:
    """Return what the sources say of the hosts of a site model.

    answers has, by source, the results of its module on each host that was asked; the first that is an answer counts.
    """
    names = Names(site["hosts"])
    hosts = {name: _new_record(host["retiring"], True) for name, host in site["hosts"].items()}
    asked: dict[str, t.Any] = {}
    for source in sources:
        expected = source.expect(site)
        given = list(answers.get(source.name) or ())
        if not expected and not given:
            continue
        answer = next((one for one in given if source.key in one), None)
        asked[source.name] = {"answered": answer is not None, "error": None if answer else _why_none(given)}
        for name, services in expected.items():
            if not hosts[name]["retiring"]:
                for service in services:
                    hosts[name]["services"][service] = _new_service(True, "never_seen" if answer else "unknown")
        for sighting in source.sight(answer) if answer else ():
            name = names.find(sighting.host) or sighting.host
            if check_host_names([name]):
                continue  # whoever says so is no host of a site
            record = hosts.setdefault(name, _new_record(False, False))
            _note(record, source.name, sighting, silent_after)
    for record in hosts.values():
        _conclude(record)
    return {"sources": asked, "hosts": hosts}


class Names:
    """The hosts of the inventory, found by the names that others have for them."""

    def __init__(self, names: t.Iterable[str]) -> None:
        self._names = {name.partition(".")[0].lower(): name for name in names}

    def find(self, name: str) -> str | None:
        """Return the host that is meant, or None; either name may lack the domain."""
        known = self._names.get(name.partition(".")[0].lower())
        if known is None:
            return None
        one, other = known.lower(), name.lower()
        return known if one == other or "." not in one or "." not in other else None


def _new_record(retiring: bool, provisioned: bool) -> dict[str, t.Any]:
    return {
        "provisioned": provisioned,
        "retiring": retiring,
        "state": None,
        "last_heard": None,
        "hours_silent": None,
        "missing": [],
        "unexpected": [],
        "versions": {},
        "services": {},
    }


def _new_service(expected: bool, state: str | None) -> dict[str, t.Any]:
    return {"expected": expected, "state": state, "last_heard": None, "silent_for": None}


def _why_none(given: t.Sequence[Json]) -> str:
    """Return why nobody has answered."""
    words = [" ".join(str(one["msg"]).split()) for one in given if one.get("msg")]
    return words[0] if words else "nobody was asked"


def _note(record: dict[str, t.Any], source: str, sighting: Sighting, silent_after: int) -> None:
    """Put a sighting into the record of its host; of several the best one counts."""
    service = record["services"].setdefault(sighting.service, _new_service(False, None))
    is_silent = not sighting.is_there or (sighting.silent_for or 0) > silent_after
    if not is_silent:
        service["state"] = "seen"
    elif service["state"] != "seen":
        service["state"] = "silent"
    if sighting.last_heard is not None and sighting.last_heard > (service["last_heard"] or 0):
        service["last_heard"] = sighting.last_heard
        service["silent_for"] = sighting.silent_for
    # What a daemon says of itself is data, and never a template.
    if sighting.version and VERSION.fullmatch(sighting.version) and (not is_silent or source not in record["versions"]):
        record["versions"][source] = sighting.version


def _conclude(record: dict[str, t.Any]) -> None:
    services = record["services"]
    states = [service["state"] for service in services.values()]
    # One sign of life is enough; and nothing is said of a host whose source was not heard.
    order = ("seen", "unknown", "silent", "never_seen")
    record["state"] = next((state for state in order if state in states), "unwatched")
    heard = [service for service in services.values() if service["last_heard"] is not None]
    if heard:
        latest = min(heard, key=lambda service: int(service["silent_for"]))
        record["last_heard"] = latest["last_heard"]
        record["hours_silent"] = round(latest["silent_for"] / 3600, 3)
    record["missing"] = [
        name for name, one in services.items() if one["expected"] and one["state"] in ("silent", "never_seen")
    ]
    record["unexpected"] = [
        name
        for name, one in services.items()
        if not one["expected"] and one["state"] == "seen" and not record["retiring"]
    ]
