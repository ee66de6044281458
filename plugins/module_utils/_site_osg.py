# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the OSG part of the site model."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._osg_repositories import REPOSITORY_IDS
from ansible_collections.sitewright.grid.plugins.module_utils._osg_series import hidden_by, needed_from_epel
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import enumerate_names
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_variables import OSG_VARIABLES
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_worker import build_worker, check_shared
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Product, Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import nearest
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Settings

# Options of the role osg_repos without their prefix, and the variables that they come from.
_REPOS = {
    "series": "osg_series",
    "priority": "osg_priority",
    "epel_priority": "epel_priority",
    "exclude": "osg_exclude",
    "epel_exclude": "epel_exclude",
    "overrides": "osg_repositories",
    "extra": "osg_extra_repositories",
    "preflight": "osg_preflight",
    "once": "osg_packages_once",
}


def build_osg(hosts: t.Mapping[str, Host], serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(osg) of the model, or None where no host is a worker of OSG."""
    workers = list(serving["osg_workers"])
    if not workers:
        return None
    check_shared(serving, settings)
    return {"workers": workers, "mirror": settings.site("osg_mirror")}


def build_osg_host(host: Host, serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(osg) of a host, or None where it is no worker of OSG."""
    if host.name not in serving["osg_workers"]:
        return None

    def value(variable: str) -> t.Any:
        given = settings.host(host.name, variable)
        return None if given is REFUSED else given

    repos = {option: value(variable) for option, variable in _REPOS.items()}
    _check_repositories(host.name, repos, settings)
    expected = value("osg_expected_origins") or {}
    source = (settings.given(host.name, "condor_package_source") or {}).get("source")
    return {
        "repos": {
            **repos,
            "accepted": ["htcondor"] if source == "htcondor" else [],
            "expected_origins": expected if value("osg_check_origins_first") else {},
        },
        "expected_origins": expected,
        "worker": build_worker(host.name, settings),
    }


def _check_repositories(host: str, repos: t.Mapping[str, t.Any], settings: Settings) -> None:
    """Look for what no host has to be asked for: excludes and priorities that bite, and unknown repositories."""
    at = settings.findings.at

    def bites(variable: str, message: str, *value: t.Any) -> None:
        place = at(host, variable)
        if repos["preflight"] == "warn":
            place.warn(message, *value)
        else:
            place.refuse(f"{message}; or set osg_preflight to warn", *value)

    if repos["priority"] and repos["epel_priority"] and repos["priority"] >= repos["epel_priority"]:
        bites(
            "osg_priority",
            f"is not below epel_priority, {repos['epel_priority']}, so packages of EPEL with higher versions take the "
            "place of OSG's: lower it",
            repos["priority"],
        )
    for pattern, names in hidden_by(repos["epel_exclude"] or [], needed_from_epel(repos["series"])).items():
        bites(
            "epel_exclude",
            f"hides {enumerate_names(names)}, which osg-wn-client needs and only EPEL has: take it out",
            pattern,
        )
    for id_ in repos["overrides"] or {}:
        if id_ not in REPOSITORY_IDS:
            at(host, "osg_repositories").key(id_).refuse(
                f"is no repository of OSG or EPEL: {nearest(id_, REPOSITORY_IDS)} Others belong into "
                "osg_extra_repositories"
            )
    _check_extra(host, repos["extra"] or {}, settings)


def _check_extra(host: str, extra: t.Mapping[str, t.Mapping[str, t.Any]], settings: Settings) -> None:
    source = (settings.given(host, "condor_package_source") or {}).get("source")
    for id_, given in extra.items():
        place = settings.findings.at(host, "osg_extra_repositories").key(id_)
        if id_ in REPOSITORY_IDS:
            place.refuse("is one of OSG and EPEL: change it in osg_repositories")
        if id_ != "htcondor" and not {"baseurl", "mirrorlist"} & given.keys():
            place.refuse("has neither baseurl nor mirrorlist: add one")
        if id_ == "htcondor" and source == "htcondor":
            place.refuse("is there by condor_package_source already: take it out of one of them")
        if given.get("gpgcheck") is False:
            place.warn("takes packages that nobody has signed: sign them, and remove gpgcheck")
        elif "fingerprints" not in given:
            place.refuse("has no fingerprints, so nobody knows whose key it is: add those of its key, and gpgkey")
        elif id_ != "htcondor" and "gpgkey" not in given:
            place.refuse("has no gpgkey: add its URL")


OSG = Product(
    name="osg",
    prefixes=("osg_", "epel_"),
    groups=("osg_workers",),
    variables=OSG_VARIABLES,
    build_site=build_osg,
    build_host=build_osg_host,
)
