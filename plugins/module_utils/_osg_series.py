# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what is known of each series of OSG and each release of EPEL, as data.

A new series is one more entry of SERIES, a new EL release one more of EPEL_KEYS and of the releases of its series.
"""

from __future__ import annotations

import fnmatch
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """A series of OSG.

    releases are the EL releases that it is made for. from_epel are packages that it needs, by itself or by what it
    requires, and that only EPEL has; no_gfal2 are the EL releases without them that begin with gfal2.
    """

    releases: tuple[int, ...]
    architectures: tuple[str, ...]
    fingerprint: str
    ended: bool
    from_epel: tuple[str, ...]
    no_gfal2: tuple[int, ...] = ()


_GFAL2 = (
    "gfal2",
    "gfal2-plugin-file",
    "gfal2-plugin-http",
    "gfal2-plugin-xrootd",
    "gfal2-util-scripts",
    "python3-gfal2",
    "python3-gfal2-util",
)
_VOMS = ("voms", "voms-clients-cpp")

SERIES: t.Final = {
    23: Series(
        releases=(8, 9),
        architectures=("x86_64",),
        fingerprint="4A56C5BBCDB0AAA2DDE9A690BDEEE24C92897C00",
        ended=True,
        from_epel=(*_GFAL2, "fetch-crl"),
    ),
    24: Series(
        releases=(8, 9),
        architectures=("x86_64", "aarch64"),
        fingerprint="F77FE0C70A9BAA739FD352C99DF75B52EFFC3BE6",
        ended=True,
        from_epel=(*_GFAL2, "fetch-crl", *_VOMS),
    ),
    25: Series(
        releases=(8, 9, 10),
        architectures=("x86_64", "aarch64"),
        fingerprint="962A9BCDD330245F2703C88B74E5BE22D4E9B1FC",
        ended=False,
        from_epel=(*_GFAL2, "fetch-crl", *_VOMS, "oidc-agent", "openbao"),
        no_gfal2=(10,),
    ),
}
EPEL_KEYS: t.Final = {
    8: "94E279EB8D8F25B21810ADF121EA45AB2F86D6A1",
    9: "FF8AD1344597106ECE813B918A3872BF3228467C",
    10: "7D8D15CBFC4E62688591FB2633D98517E37ED158",
}


class UnknownSeriesError(ValueError):
    """A series that there is not, or not for this host; the message says which there are."""


def newest_series(release: int) -> int:
    """Return the newest series for an EL release."""
    fitting = [number for number, series in SERIES.items() if release in series.releases]
    if not fitting:
        raise UnknownSeriesError(
            f"OSG has nothing for EL {release}: it is made for EL {_listed(sorted(EPEL_KEYS))}. Take the host out of "
            "osg_workers, or give it one of these."
        )
    return max(fitting)


def find_series(number: int | None, release: int, architecture: str) -> int:
    """Return the number of the wanted series, or of the newest one, if it is made for the host."""
    if number is None:
        number = newest_series(release)
    series = SERIES.get(number)
    if series is None:
        raise UnknownSeriesError(
            f"There is no series {number} of OSG that is known here: set {_listed(sorted(SERIES))}."
        )
    if release not in series.releases:
        fitting = [other for other, known in SERIES.items() if release in known.releases]
        raise UnknownSeriesError(
            f"OSG {number} is made for EL {_listed(series.releases)}, and this host runs EL {release}: "
            + (f"set osg_series to {_listed(fitting)}." if fitting else "there is no series for it.")
        )
    if architecture not in series.architectures:
        raise UnknownSeriesError(
            f"OSG {number} is made for {_listed(series.architectures)}, and this host is {architecture}: "
            f"set osg_series to {newest_series(release)}."
            if architecture == "aarch64"
            else f"OSG {number} is made for {_listed(series.architectures)}, and this host is {architecture}."
        )
    return number


def needed_from_epel(number: int | None) -> tuple[str, ...]:
    """Return the packages that a series needs from EPEL; those of the newest one where none is given."""
    series = SERIES.get(max(SERIES) if number is None else number)
    return series.from_epel if series else ()


def hidden_by(patterns: t.Iterable[str], names: t.Iterable[str]) -> dict[str, list[str]]:
    """Return the names that each of the patterns of an exclude matches, where it matches any."""
    known = list(names)
    found = {pattern: [name for name in known if fnmatch.fnmatchcase(name, pattern)] for pattern in patterns}
    return {pattern: matching for pattern, matching in found.items() if matching}


def client_packages(number: int, release: int) -> list[str]:
    """Return what a worker node of this series installs first of all: the client, and what it brings."""
    series = SERIES[number]
    return ["osg-wn-client", *(["gfal2-plugin-xrootd"] if release not in series.no_gfal2 else [])]


def _listed(items: t.Sequence[t.Any]) -> str:
    words = [str(item) for item in items]
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
