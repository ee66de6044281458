# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the OSG part of the site model."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_variables import OSG_VARIABLES
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_worker import build_worker, check_shared
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Product, Serving
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

    return {
        "repos": {option: value(variable) for option, variable in _REPOS.items()},
        "expected_origins": value("osg_expected_origins"),
        "worker": build_worker(host.name, settings),
    }


OSG = Product(
    name="osg",
    prefixes=("osg_", "epel_"),
    groups=("osg_workers",),
    variables=OSG_VARIABLES,
    build_site=build_osg,
    build_host=build_osg_host,
)
