# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the variables about workers of OSG and where their packages come from."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_worker_variables import OSG_WORKER_VARIABLES
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    boolean,
    choice,
    each,
    keys,
    mapping,
    number,
    text,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Variable

URL = text("a URL", "https://mirror.example.org/osg", r"(https?|file)://\S+")
GLOB = text("a package name or a pattern of names", "globus-*", r"[A-Za-z0-9._+*?\[\]!:-]+")
GLOBS = each(GLOB, "a list of package names", "[globus-*, condor]")
_ID = text("the id of a repository", "osg-testing", r"[A-Za-z0-9._:-]+")
_FINGERPRINT = text(
    "a fingerprint", "962A 9BCD D330 245F 2703 C88B 74E5 BE22 D4E9 B1FC", r"([0-9A-Fa-f] *){40}([0-9A-Fa-f] *){0,24}"
)


def priority(place: Place, value: t.Any) -> t.Any:
    """Check the priority of a repository; 1 is the best, and 99 what dnf takes without one."""
    checked = number(1)(place, value)
    if checked is not REFUSED and checked > 99:
        place.refuse("is above 99, the worst priority that dnf knows: lower it", value)
        return REFUSED
    return checked


_OVERRIDE: dict[str, t.Any] = {
    "enabled": boolean,
    "priority": priority,
    "exclude": GLOBS,
    "include": GLOBS,
    "baseurl": URL,
    "mirrorlist": URL,
    "gpgkey": URL,
    "fingerprints": each(_FINGERPRINT, "a list of fingerprints", "[962A 9BCD ...]"),
    "skip_if_unavailable": boolean,
}


def _given(check: t.Callable[[Place, t.Any], t.Any]) -> t.Callable[[Place, t.Any], t.Any]:
    """Return a check that leaves out what is not given."""

    def without_empty(place: Place, value: t.Any) -> t.Any:
        if not isinstance(value, dict):
            place.refuse("is no dictionary: write it like {priority: 90}", value)
            return REFUSED
        checked = check(place, value)
        return checked if checked is REFUSED else {name: item for name, item in checked.items() if item is not None}

    return without_empty


def repository_ids(check: t.Callable[[Place, t.Any], t.Any]) -> t.Callable[[Place, t.Any], t.Any]:
    """Return a check for dictionaries of repositories by their ids."""

    def named(place: Place, value: t.Any) -> t.Any:
        checked = mapping(check, "a dictionary of repositories", "{osg-testing: {enabled: true}}")(place, value)
        if checked is REFUSED:
            return REFUSED
        refused = [name for name in checked if _ID(place.key(name), name) is REFUSED]
        return REFUSED if refused else checked

    return named


OSG_REPOSITORY_VARIABLES = (
    Variable(
        "osg_series",
        "host",
        "number",
        None,
        number(23),
        "The OSG series, for example 25. Without it the newest that the host's EL release has.",
    ),
    Variable(
        "osg_priority",
        "host",
        "number",
        98,
        priority,
        "The priority of OSG's repositories, 1 (best) to 99 (worst).",
    ),
    Variable(
        "epel_priority",
        "host",
        "number",
        99,
        priority,
        "The priority of EPEL, which has to be worse, so higher, than OSG's.",
    ),
    Variable(
        "osg_exclude",
        "host",
        "list of package names",
        [],
        GLOBS,
        "Packages, or patterns of them, that OSG's repositories are not to give.",
    ),
    Variable(
        "epel_exclude",
        "host",
        "list of package names",
        [],
        GLOBS,
        "Packages, or patterns of them, that EPEL is not to give.",
    ),
    Variable(
        "osg_repositories",
        "host",
        "dictionary of repository to options",
        {},
        repository_ids(_given(keys(**_OVERRIDE))),
        "What is to be different of single repositories of OSG and EPEL, see docs/workers.md.",
    ),
    Variable(
        "osg_extra_repositories",
        "host",
        "dictionary of repository to options",
        {},
        repository_ids(_given(keys(name=text("a name", "Site packages"), gpgcheck=boolean, **_OVERRIDE))),
        "Further repositories, for example the site's own, see docs/workers.md.",
    ),
    Variable(
        "osg_mirror",
        "site",
        "URL",
        None,
        URL,
        "A mirror of the site, below which all repositories of OSG and EPEL are; see docs/workers.md.",
    ),
    Variable(
        "osg_expected_origins",
        "host",
        "dictionary of package to repository",
        {},
        mapping(_ID, "a dictionary of package to repository", "{condor: osg}"),
        "From which repository packages have to come; verify.yml asks the resolver.",
    ),
    Variable(
        "osg_check_origins_first",
        "host",
        "boolean",
        False,
        boolean,
        "Whether osg_expected_origins refuses a run, too, before anything is changed.",
    ),
    Variable(
        "osg_packages_once",
        "host",
        "dictionary of repository to packages",
        {},
        repository_ids(GLOBS),
        "Packages that are installed from a repository that is not enabled, and is only for their transaction.",
    ),
    Variable(
        "osg_preflight",
        "host",
        "refuse or warn",
        "refuse",
        choice("refuse", "warn"),
        "Whether excludes and priorities that hide what is needed refuse the run, or are only warned about.",
    ),
)

OSG_VARIABLES = OSG_REPOSITORY_VARIABLES + OSG_WORKER_VARIABLES
