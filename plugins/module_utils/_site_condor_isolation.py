# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: how an inventory wants the jobs of execution points to be kept apart.

What a host and its version of HTCondor can do is found on the host; wishes that exclude one another are found here.
"""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._condor_isolation import DIRECTORIES
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Findings
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    absolute_path,
    boolean,
    choice,
    each,
    number,
    text,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import Variable

PREFIX = "condor_isolation_"
_PATHS = each(absolute_path, "a list of paths", "[/tmp, /var/tmp]")
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"

CONDOR_ISOLATION_VARIABLES = (
    Variable(
        f"{PREFIX}directories",
        "host",
        "list of paths",
        list(DIRECTORIES),
        _PATHS,
        "The directories of which each job has its own, in its scratch directory.",
    ),
    Variable(
        f"{PREFIX}extra_directories",
        "host",
        "list of paths",
        [],
        _PATHS,
        "Further directories of which each job has its own.",
    ),
    Variable(
        f"{PREFIX}per_job_namespaces",
        "host",
        "boolean",
        True,
        boolean,
        "Whether jobs have mounts of their own; false is for hosts whose autofs needs it, and takes no directories.",
    ),
    Variable(
        f"{PREFIX}processes",
        "host",
        "auto, both, pid_namespaces, cgroups or none",
        "auto",
        choice("auto", "both", "pid_namespaces", "cgroups", "none"),
        "How the processes of jobs are kept apart.",
    ),
    Variable(
        f"{PREFIX}users",
        "host",
        "slot_users, submitting_user or nobody",
        "slot_users",
        choice("slot_users", "submitting_user", "nobody"),
        "Whose account a job runs in.",
    ),
    Variable(
        f"{PREFIX}memory",
        "host",
        "auto, hard, custom or none",
        "auto",
        choice("auto", "hard", "custom", "none"),
        "What happens to a job that uses more memory than it was given.",
    ),
    Variable(
        f"{PREFIX}memory_limit",
        "host",
        "expression",
        None,
        text("an expression", "2 * Memory", r"\S.*"),
        "The limit in MiB where condor_isolation_memory is custom.",
    ),
    Variable(
        f"{PREFIX}swap",
        "host",
        "auto, allowed or disabled",
        "auto",
        choice("auto", "allowed", "disabled"),
        "Whether jobs may use swap.",
    ),
    Variable(
        f"{PREFIX}disk",
        "host",
        "auto, limited or unlimited",
        "auto",
        choice("auto", "limited", "unlimited"),
        "Whether a job can use no more disk than it was given.",
    ),
    Variable(
        f"{PREFIX}volume_group",
        "host",
        "string",
        None,
        text("the name of a volume group", "scratch", _NAME),
        "The LVM volume group for the disks of jobs.",
    ),
    Variable(
        f"{PREFIX}thin_pool",
        "host",
        "string",
        None,
        text("the name of a thin pool", "jobs", _NAME),
        "The thin pool in it for the disks of jobs.",
    ),
    Variable(
        f"{PREFIX}slots",
        "host",
        "number",
        None,
        number(1),
        "How many jobs a partitionable slot can run at once, and needs accounts for. Without it, one for each CPU.",
    ),
    Variable(
        f"{PREFIX}account_prefix",
        "host",
        "string",
        "slot",
        text("what begins the name of an account", "slot", r"[a-z_][a-z0-9_-]{0,15}"),
        "Begins the names of the slots' accounts.",
    ),
)


def build_isolation(host: str, value: t.Callable[[str], t.Any], findings: Findings) -> dict[str, t.Any]:
    """Return the wishes for an execution point, as options of the role condor_isolation without their prefix."""
    wishes = {variable.name[len(PREFIX) :]: value(variable.name) for variable in CONDOR_ISOLATION_VARIABLES}
    if wishes["memory"] == "custom" and wishes["memory_limit"] is None:
        findings.at(host, f"{PREFIX}memory").refuse(
            "needs an expression for the limit: set condor_isolation_memory_limit", "custom"
        )
    if wishes["users"] == "nobody" and wishes["processes"] in ("cgroups", "none"):
        findings.at(host, f"{PREFIX}users").refuse(
            f"needs PID namespaces, but condor_isolation_processes is {wishes['processes']}: jobs of one account could "
            "end and trace one another; choose slot_users",
            "nobody",
        )
    if wishes["per_job_namespaces"] is False and (wishes["directories"] or wishes["extra_directories"]):
        findings.at(host, f"{PREFIX}per_job_namespaces").refuse(
            "does not go with directories of which each job has its own: set condor_isolation_directories to []",
            False,
        )
    if wishes["thin_pool"] and not wishes["volume_group"]:
        findings.at(host, f"{PREFIX}thin_pool").refuse(
            "lies in no volume group: set condor_isolation_volume_group", wishes["thin_pool"]
        )
    return wishes
