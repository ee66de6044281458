# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a system of the site has to tell for a survey of the hosts, see _survey.py."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Json = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Sighting:
    """What a source has heard of a service on a host, which is called as the source calls it.

    now and last_heard are of the source's own clock, in seconds since 1970. A service that is not there is silent,
    whenever it was heard of last.
    """

    host: str
    service: str
    now: int
    last_heard: int | None
    is_there: bool = True
    version: str | None = None

    @property
    def silent_for(self) -> int | None:
        """For how many seconds nothing was heard."""
        return None if self.last_heard is None else max(self.now - self.last_heard, 0)


@dataclass(frozen=True)
class Source:
    """A system that knows hosts.

    key is a return value that only an answer has, and no failure. expect returns the services of the hosts of a site
    model; sight reads an answer.
    """

    name: str
    key: str
    expect: t.Callable[[Json], dict[str, list[str]]]
    sight: t.Callable[[Json], list[Sighting]]


def expect_groups(site: Json, part: str, groups: t.Mapping[str, str]) -> dict[str, list[str]]:
    """Return the services by host, where lists in a part of a model name the hosts; groups has the service of each."""
    expected: dict[str, list[str]] = {}
    for key, service in groups.items():
        for host in (site.get(part) or {}).get(key) or ():
            expected.setdefault(host, []).append(service)
    return expected
