# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what the workers of OSG have, and what follows from it for HTCondor."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._osg_environment import DIRECTORY
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import (
    SITE,
    Findings,
    enumerate_names,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Settings

CA_DIRECTORY = "/etc/grid-security/certificates"
TMP = "/tmp"  # noqa: S108 - it is named here, not used
NO_SQUID = "UNAVAILABLE"  # what jobs look for


def shared_directories(settings: Settings) -> list[dict[str, t.Any]]:
    """Return the directories of the site's file system that its workers have, like those of ceph_directories.

    They are root's. Where others may write, the sticky bit keeps them from one another's files.
    """
    app, data, group = (settings.site(name) for name in ("osg_app", "osg_data", "osg_app_group"))
    writable = {"group": group, "mode": "3775"} if group else {"mode": "0755"}
    return [
        *([{"path": app, **writable}] if app else []),
        *([{"path": data, "mode": "1777"}] if data else []),
    ]


def check_shared(serving: Serving, settings: Settings) -> None:
    """Refuse directories on the site's file system that its workers would not have, or nobody could write to."""
    findings = settings.findings
    app, data, group = (settings.site(name) for name in ("osg_app", "osg_data", "osg_app_group"))
    given = [name for name in ("osg_app", "osg_data") if settings.site(name)]
    if group and not app:
        findings.at(SITE, "osg_app_group").refuse("is for OSG_APP, which there is none of: set osg_app, too", group)
    if not given:
        return
    place = findings.at(SITE, given[0])
    without = [host for host in serving["osg_workers"] if host not in serving["ceph_clients"]]
    if without:
        place.refuse(
            f"is on the file system, which {enumerate_names(without)} do not mount: add them to ceph_clients"
            if len(without) > 1
            else f"is on the file system, which {without[0]} does not mount: add it to ceph_clients"
        )
    elif settings.site("ceph_client_access") == "r":
        place.refuse("cannot be made by clients that only read: set ceph_client_access to rw")
    elif app and all(host in serving["osg_workers"] for host in serving["ceph_clients"]):
        findings.at(SITE, "osg_app").refuse(
            "is only read by workers, and every host of ceph_clients is one: add one that is not, to write there"
        )
    if app and data and (app == data or os.path.commonpath([app, data]) in (app, data)):
        findings.at(SITE, "osg_data").refuse(f"and osg_app ({app}) lie in one another: keep them apart", data)
    listed = [directory["path"] for directory in settings.site("ceph_directories")]
    for name in given:
        if settings.site(name) in listed:
            findings.at(SITE, name).refuse("is in ceph_directories, too: remove it there", settings.site(name))


def build_worker(host: str, settings: Settings) -> dict[str, t.Any]:
    """Return what a worker is to have, as options of the role osg_worker_node without their prefix."""

    def value(variable: str) -> t.Any:
        given = settings.host(host, variable)
        return None if given is REFUSED else given

    certs, packages, directory = value("osg_ca_certs"), value("osg_ca_packages"), value("osg_ca_directory")
    _check_authorities(host, certs, packages, directory, settings.findings)
    squid, tmp = value("osg_squid_location"), value("osg_wn_tmp")
    mount = str(value("ceph_client_mount")).rstrip("/")
    shared = {name.upper(): mount + settings.site(name) for name in ("osg_app", "osg_data") if settings.site(name)}
    return {
        "ca_certs": certs,
        "ca_packages": packages or [],
        "ca_directory": directory or CA_DIRECTORY,
        "fetch_crl": value("osg_fetch_crl") is not False,
        "packages": value("osg_worker_packages") or [],
        "squid": as_url(squid) if squid else None,
        "tmp": tmp,
        "app": shared.get("OSG_APP"),
        "cvmfs": _build_cvmfs(host, value, squid, settings.findings),
        "environment": {
            **shared,
            "OSG_GRID": DIRECTORY,
            "OSG_SQUID_LOCATION": squid or NO_SQUID,
            "OSG_WN_TMP": tmp or TMP,
            "X509_CERT_DIR": directory or CA_DIRECTORY,
            **(value("osg_environment") or {}),
        },
    }


def as_url(squid: str) -> str:
    """Return a web proxy as a URL."""
    return squid if "://" in squid else f"http://{squid}"


def _build_cvmfs(
    host: str, value: t.Callable[[str], t.Any], squid: str | None, findings: Findings
) -> dict[str, t.Any] | None:
    """Return how CVMFS is to be on a worker, None where it has none. Its proxies have no sane default."""
    wanted = value("osg_cvmfs")
    proxy = value("osg_cvmfs_http_proxy") or (as_url(squid) if squid else None)
    if wanted and proxy is None:
        findings.at(host, "osg_cvmfs").refuse(
            "needs a proxy, for one worker asks for the same files as the others: set osg_squid_location or "
            "osg_cvmfs_http_proxy, which may be DIRECT",
            True,
        )
    cvmfs = {
        "http_proxy": proxy,
        "quota_limit": value("osg_cvmfs_quota_limit"),
        "cache_base": value("osg_cvmfs_cache_base"),
        "repositories": value("osg_cvmfs_repositories") or [],
    }
    return cvmfs if wanted else None


def _check_authorities(
    host: str, certs: str | None, packages: list[str] | None, directory: str | None, findings: Findings
) -> None:
    """Refuse the site's own certificates without where they are, and where they are without them."""
    place = findings.at(host, "osg_ca_certs")
    if certs == "site" and packages == [] and directory is None:
        place.refuse(
            "needs to know where the certificates come from: set osg_ca_packages, osg_ca_directory, or both", certs
        )
    elif certs != "site":
        for variable, given in (("osg_ca_packages", packages), ("osg_ca_directory", directory)):
            if given:
                findings.at(host, variable).refuse(
                    "is for the site's own certificates only: set osg_ca_certs to site, or remove it", given
                )


def private_directories(host: str, wishes: t.Mapping[str, t.Any], settings: Settings) -> list[str]:
    """Return the directories of which each job has to have its own because the host is a worker.

    wishes are those of _site_condor_isolation for this host. A directory that lies in one of them would not be there in
    a job, for the job's own is empty.
    """
    findings = settings.findings
    place = findings.at(host, "osg_wn_tmp")
    tmp = settings.host(host, "osg_wn_tmp")
    private = [*(wishes["directories"] or []), *(wishes["extra_directories"] or [])]
    if tmp is REFUSED or tmp in private:
        return []
    if tmp is None:
        if TMP not in private:
            place.warn(f"is {TMP}, which all jobs of the host share here: set it to a directory of its own")
        return []
    above = [path for path in private if os.path.commonpath([path, tmp]) == path]
    if above:
        place.refuse(
            f"lies in {above[0]}, of which each job has an empty one of its own, so no job would find it: set it to "
            f"{above[0]}, or to a directory elsewhere",
            tmp,
        )
        return []
    if wishes["per_job_namespaces"] is False:
        place.warn("is shared by all jobs of the host, as condor_isolation_per_job_namespaces is false", tmp)
        return []
    return [tmp]


def check_knobs(host: str, knobs: t.Mapping[str, t.Any], findings: Findings) -> None:
    """Warn of knobs of a worker's HTCondor that take away what the jobs are promised."""
    for name, value in knobs.items():
        plain, place = name.upper(), findings.at(host, "condor_knobs").key(name)
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        if plain == "STARTD_ATTRS" and "$(STARTD_ATTRS)" not in text.upper():
            place.warn("hides what a worker tells of itself: begin it with $(STARTD_ATTRS)", value)
        if plain == "STARTER_JOB_ENVIRONMENT":
            place.warn("takes the place of the environment of OSG's workers: use osg_environment instead", value)
        if plain == "MOUNT_UNDER_SCRATCH":
            place.warn(
                "takes the place of the directories that each job has its own of, OSG_WN_TMP among them: use "
                "condor_isolation_extra_directories instead",
                value,
            )
