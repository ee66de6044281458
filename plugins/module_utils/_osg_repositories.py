# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the repositories of a worker of OSG, by its EL release and architecture."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import PREFIX
from ansible_collections.sitewright.grid.plugins.module_utils._osg_series import (
    EPEL_KEYS,
    SERIES,
    client_packages,
    find_series,
)

KEYS = "/etc/pki/rpm-gpg/sitewright"
OSG = "https://repo.osg-htc.org"
EPEL = "https://dl.fedoraproject.org/pub/epel"
EPEL_METALINK = "https://mirrors.fedoraproject.org/metalink"
HTCONDOR = "https://htcss-downloads.chtc.wisc.edu/repo"

# Repository to the kind of its series, and its place below it. Only the first is enabled.
_OSG_REPOSITORIES = {
    "osg": ("main", "release"),
    "osg-testing": ("main", "testing"),
    "osg-upcoming": ("upcoming", "release"),
    "osg-upcoming-testing": ("upcoming", "testing"),
    "osg-contrib": ("contrib", ""),
    "osg-empty": ("empty", ""),
}
REPOSITORY_IDS = (*_OSG_REPOSITORIES, "epel", "epel-testing")
# What the distributions call the repository without which much of EPEL cannot be installed.
_CRB = {
    8: ["powertools", "PowerTools", "codeready-builder-for-rhel-8-{arch}-rpms"],
    9: ["crb", "codeready-builder-for-rhel-9-{arch}-rpms"],
    10: ["crb", "codeready-builder-for-rhel-10-{arch}-rpms"],
}


def _release_word(release: int) -> str:
    # From EL 10 on, EPEL has a tree for each minor release.
    return str(release) if release < 10 else "$releasever${releasever_minor:+z}"


def _osg(number: int, release: int, mirror: str | None) -> list[dict[str, t.Any]]:
    repositories = []
    for id_, (kind, place) in _OSG_REPOSITORIES.items():
        path = "/".join(part for part in (f"{number}-{kind}", f"el{release}", place, "$basearch") if part)
        where = {"baseurl": f"{mirror}/osg/{path}"} if mirror else {"mirrorlist": f"{OSG}/mirror/osg/{path}"}
        repositories.append(
            {
                "id": id_,
                "name": f"OSG {number} {id_.partition('-')[2] or 'release'} for EL {release} - $basearch",
                **where,
                "enabled": id_ == "osg",
                "gpgcheck": True,
            }
        )
    return repositories


def _epel(release: int, mirror: str | None) -> list[dict[str, t.Any]]:
    word = _release_word(release)
    metalink = f"epel-{release}" if release < 10 else "epel${releasever_minor:+-z}-$releasever"
    repositories = []
    for id_, below in (("epel", ""), ("epel-testing", "testing/")):
        if mirror:
            where = {"baseurl": f"{mirror}/epel/{below}{word}/Everything/$basearch"}
        elif below:
            where = {"baseurl": f"{EPEL}/{below}{word}/Everything/$basearch"}
        else:
            where = {"metalink": f"{EPEL_METALINK}?repo={metalink}&arch=$basearch"}
        repositories.append(
            {
                "id": id_,
                "name": f"EPEL {'testing ' if below else ''}for EL {release} - $basearch",
                **where,
                "enabled": not below,
                "gpgcheck": True,
            }
        )
    return repositories


def _extra(id_: str, given: t.Mapping[str, t.Any], number: int, release: int) -> dict[str, t.Any]:
    repository: dict[str, t.Any] = {"id": id_, "name": id_, "enabled": True, "gpgcheck": True}
    if id_ == "htcondor":
        repository.update(
            name=f"HTCondor {number}.0",
            baseurl=f"{HTCONDOR}/{number}.0/el{release}/$basearch/release",
            priority=90,
            gpgkey=f"{HTCONDOR}/keys/HTCondor-{number}.0-Key",
        )
    return {**repository, **given}


def _key(repository: dict[str, t.Any], standard: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Return the key that the repository's packages are signed with, which is fetched once and has its fingerprint
    checked, in place of dnf's own fetching; None where dnf has to find it by itself.
    """
    fingerprints = repository.pop("fingerprints", None)
    url = repository.get("gpgkey")
    if not fingerprints and not url:
        key = standard
    elif fingerprints and (url or standard):
        plain = ["".join(fingerprint.split()).upper() for fingerprint in fingerprints]
        key = {"path": f"{KEYS}/{repository['id']}", "url": url or (standard or {})["url"], "fingerprints": plain}
    else:
        return None
    if key:
        repository["gpgkey"] = f"file://{key['path']}"
    return dict(key, own=key is not standard) if key else None


def plan_osg_repositories(
    release: int,
    architecture: str,
    series: int | None = None,
    priority: int = 98,
    epel_priority: int = 99,
    exclude: t.Sequence[str] = (),
    epel_exclude: t.Sequence[str] = (),
    overrides: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
    extra: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
    mirror: str | None = None,
) -> dict[str, t.Any]:
    """Return series, files, keys, the host's own repositories to enable, and the packages of the client."""
    number = find_series(series, release, architecture)
    mirror = mirror.rstrip("/") if mirror else None
    standard = {
        "osg": {
            "path": f"{KEYS}/OSG-{number}-developer",
            "url": f"{mirror or OSG}/osg/RPM-GPG-KEY-OSG-{number}-developer",
            "fingerprints": [SERIES[number].fingerprint],
        },
        "epel": {
            "path": f"{KEYS}/EPEL-{release}",
            "url": f"{f'{mirror}/epel' if mirror else EPEL}/RPM-GPG-KEY-EPEL-{release}",
            "fingerprints": [EPEL_KEYS[release]],
        },
    }
    groups = {
        "osg": _osg(number, release, mirror),
        "epel": _epel(release, mirror),
        "extra": [_extra(id_, given, number, release) for id_, given in (extra or {}).items()],
    }
    for group, first, hidden in (("osg", priority, exclude), ("epel", epel_priority, epel_exclude)):
        for repository in groups[group]:
            repository.update(priority=first, exclude=list(hidden))
    keys: dict[str, dict[str, t.Any]] = {}
    for group, repositories in groups.items():
        for repository in repositories:
            _change(repository, (overrides or {}).get(repository["id"], {}))
            key = _key(repository, standard.get(group))
            # The key of a repository that is not in use may be one that nobody has.
            if key and (key.pop("own") or repository["enabled"]):
                keys[key["path"]] = key
    return {
        "series": number,
        "release": release,
        "files": [
            {"name": f"{PREFIX}{group}.repo", "repositories": repositories}
            for group, repositories in groups.items()
            if repositories
        ],
        "keys": list(keys.values()),
        "enable": [[name.format(arch=architecture) for name in _CRB[release]]],
        "enable_baseurl": f"{mirror}/crb/{release}/$basearch" if mirror else None,
        "packages": client_packages(number, release),
    }


def _change(repository: dict[str, t.Any], changes: t.Mapping[str, t.Any]) -> None:
    if {"baseurl", "mirrorlist"} & changes.keys():
        for word in ("baseurl", "mirrorlist", "metalink"):
            repository.pop(word, None)
    repository.update(changes)
