# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the variables about what a worker of OSG has, and what its jobs find."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._osg_environment import check_environment
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    absolute_path,
    boolean,
    choice,
    each,
    number,
    text,
    wrong_type,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Variable

# Variables of the environment that follow from others, and from which.
OWNED = {
    "OSG_APP": "osg_app",
    "OSG_DATA": "osg_data",
    "OSG_GRID": "the role osg_worker_node",
    "OSG_SQUID_LOCATION": "osg_squid_location",
    "OSG_WN_TMP": "osg_wn_tmp",
    "X509_CERT_DIR": "osg_ca_directory",
}
_PACKAGE = text("the name of a package", "python3-gfal2", r"[A-Za-z0-9][A-Za-z0-9._+:-]*")
_PACKAGES = each(_PACKAGE, "a list of packages", "[python3-gfal2]")


def _environment(place: Place, value: t.Any) -> t.Any:
    """Check a dictionary of variables; one that is null is left out."""
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary of variables", "{OSG_SITE_NAME: Blueberry}")
    checked: dict[str, str] = {}
    refused = False
    for name, item in value.items():
        here = place.key(name)
        if item is None:
            continue
        if name in OWNED:
            here.refuse(f"belongs to the site model: remove it, it follows from {OWNED[name]}", item)
        elif isinstance(item, bool) or not isinstance(item, (str, int, float)):
            wrong_type(here, item, "a string", "'true'")
        elif fault := check_environment({name: str(item)}):
            here.refuse(fault.replace(f"{name} has", "has", 1).replace(f"{name!r} is", "is", 1))
        else:
            checked[name] = str(item)
            continue
        refused = True
    return REFUSED if refused else checked


OSG_WORKER_VARIABLES = (
    Variable(
        "osg_ca_certs",
        "host",
        "osg, igtf or site",
        None,
        choice("osg", "igtf", "site"),
        "Whose CA certificates a worker has; site is for the site's own alone. Without it osg, but igtf on Debian 12.",
    ),
    Variable(
        "osg_ca_packages",
        "host",
        "list of packages",
        [],
        _PACKAGES,
        "The packages with the site's own CA certificates, where osg_ca_certs is site.",
    ),
    Variable(
        "osg_ca_directory",
        "host",
        "path",
        None,
        absolute_path,
        "The directory with the site's own CA certificates. Without it /etc/grid-security/certificates.",
    ),
    Variable(
        "osg_fetch_crl",
        "host",
        "boolean",
        True,
        boolean,
        "Whether a timer fetches the lists of revoked certificates; false is for a directory that has them already.",
    ),
    Variable(
        "osg_worker_packages",
        "host",
        "list of packages",
        [],
        _PACKAGES,
        "Further packages that jobs expect.",
    ),
    Variable(
        "osg_squid_location",
        "host",
        "host and port, or URL",
        None,
        text("a web proxy", "squid.example.org:3128", r"(https?://)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}/?"),
        "The site's web proxy, for jobs (OSG_SQUID_LOCATION) and for the lists of revoked certificates.",
    ),
    Variable(
        "osg_wn_tmp",
        "host",
        "path",
        None,
        absolute_path,
        "OSG_WN_TMP, of which each job of HTCondor has its own. Without it /tmp, of which that holds already.",
    ),
    Variable(
        "osg_app",
        "site",
        "path",
        None,
        absolute_path,
        "Where the file system has OSG_APP, below its mount; workers only read it. Without it there is none.",
    ),
    Variable(
        "osg_app_group",
        "site",
        "string",
        None,
        text("the name of a group", "software", r"[A-Za-z0-9_][A-Za-z0-9_.@-]*"),
        "The group that may write to OSG_APP, on hosts that are no workers. Without it root alone.",
    ),
    Variable(
        "osg_data",
        "site",
        "path",
        None,
        absolute_path,
        "Where the file system has OSG_DATA, below its mount; everybody may write there. Without it there is none.",
    ),
    Variable(
        "osg_cvmfs",
        "host",
        "boolean",
        False,
        boolean,
        "Whether a worker has CVMFS; on Debian a repository with its packages has to be there.",
    ),
    Variable(
        "osg_cvmfs_http_proxy",
        "host",
        "string",
        None,
        text(
            "the proxies of CVMFS", "http://squid.example.org:3128|http://squid2.example.org:3128;DIRECT", r"[^\s'\"]+"
        ),
        "The proxies of CVMFS, CVMFS_HTTP_PROXY; DIRECT is for none. Without it osg_squid_location.",
    ),
    Variable(
        "osg_cvmfs_quota_limit",
        "host",
        "number",
        20000,
        number(1000),
        "How many MB the cache of CVMFS may take; its disk needs a quarter more.",
    ),
    Variable(
        "osg_cvmfs_cache_base",
        "host",
        "path",
        "/var/lib/cvmfs",
        absolute_path,
        "The directory of the cache of CVMFS.",
    ),
    Variable(
        "osg_cvmfs_repositories",
        "host",
        "list of repositories",
        [],
        each(
            text("a repository", "oasis.opensciencegrid.org", r"[A-Za-z0-9.-]+"),
            "a list of repositories",
            "[oasis.opensciencegrid.org]",
        ),
        "The only repositories that CVMFS mounts. Without it every one that its configuration knows.",
    ),
    Variable(
        "osg_environment",
        "host",
        "dictionary of variable to value",
        {},
        _environment,
        "Further variables for login shells and jobs; merged like condor_knobs.",
        merged=True,
    ),
)
