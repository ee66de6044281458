# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what keeps an execution point's jobs apart, as knobs for HTCondor.

Whatever the host or its version of HTCondor cannot do is refused where it was asked for, and warned of where the choice
was left to us. What the versions can do was read in HTCondor's version history; what stands at "seen" was tried.
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import Version
from ansible_collections.sitewright.grid.plugins.module_utils._condor_slots import Account, slot_accounts

Json = t.Mapping[str, t.Any]

# PID namespaces do not work from the one to before the other.
PID_NAMESPACES_BROKEN = ((10, 6, 0), (23, 0, 1))
# From here on, a job that has a PID namespace can be put into a cgroup of version 2 (HTCONDOR-2590). Seen with 23.9.6:
# before, such a job cannot start, unless BASE_CGROUP is empty.
PID_NAMESPACES_IN_CGROUP_V2 = (23, 10, 1)
# Before, limits of memory have many deficiencies with cgroup v2, by the manual of 23.0.
MEMORY_IN_CGROUP_V2 = (23, 1, 0)
SWAP_IN_CGROUP = {1: (25, 0, 0), 2: (23, 1, 0)}
DISK_LIMITS = (10, 0, 0)
NOBODY_SLOT_USER = (9, 3, 0)

# Of which each job has its own, unless the site has other wishes.
DIRECTORIES = ("/tmp", "/var/tmp")  # noqa: S108 - they are named here, not used

# A mount over one of these would hide what every job needs, or HTCondor itself.
_OF_SYSTEM = frozenset(
    ["/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var"]
)
_SHM = ("/dev/shm", "/run/shm")  # noqa: S108 - HTCondor gives each job a memory of its own there
_UNSAFE = re.compile(r'[\x00-\x20"\'\\,;$()*?\x7f]')


@dataclass(frozen=True)
class Host:
    """What was found on an execution point.

    version is that of the HTCondor that runs there, or will; None where it cannot be known. cgroup is the version of
    the cgroup file system (None without one that can be written to), controllers are those that jobs could have.
    directories are the wished ones with their real path, or None where there is none. config are HTCondor's knobs that
    matter, as its own tools evaluate them. accounts has those of the slots that exist.
    """

    version: Version | None
    cgroup: int | None
    controllers: frozenset[str]
    execute: str
    cpus: int
    directories: t.Mapping[str, str | None]
    config: t.Mapping[str, str]
    accounts: t.Mapping[str, Account]
    automounts: t.Sequence[str] = ()
    has_lvm: bool = False
    volume_groups: t.Collection[str] = ()


@dataclass
class Isolation:
    """What is to be done. knobs are HTCondor's, mode tells what they amount to, in words of the module's options."""

    knobs: dict[str, str] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=list)
    mode: dict[str, t.Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def render_directories(directories: t.Iterable[str]) -> str:
    """Return the value of MOUNT_UNDER_SCRATCH: one quoted string, for HTCondor ignores what stands behind it.

    Without a directory it is an empty string, which takes the place of HTCondor's default.
    """
    return '"' + ",".join(directories) + '"'


def plan_isolation(host: Host, wishes: Json, check: bool = False) -> Isolation:
    """Return how the jobs of a host are kept apart; wishes are the options of the module condor_isolation_info.

    In check mode what the run itself may still make (directories) is only warned of.
    """
    plan = Isolation()
    if host.version is None:
        plan.warnings.append(
            "the version of HTCondor is not known, for it is not installed yet: what it cannot do is found when it is"
        )
    _plan_files(host, wishes, check, plan)
    _plan_processes(host, wishes, plan)
    _plan_memory(host, wishes, plan)
    _plan_disk(host, wishes, plan)
    _plan_users(host, wishes, plan)
    plan.mode["version"] = ".".join(map(str, host.version)) if host.version else None
    own = {name.upper(): value for name, value in (wishes["condor_knobs"] or {}).items()}
    for name in sorted(own.keys() & plan.knobs.keys()):
        if str(own[name]) != plan.knobs[name]:
            plan.warnings.append(
                f"condor_knobs: {name} wins over {plan.knobs[name]!r}, so what is said of it here does not hold"
            )
    return plan


def _is_older(host: Host, since: Version) -> bool:
    """Tell whether a host's version is known, and is older."""
    return host.version is not None and host.version < since


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _plan_files(host: Host, wishes: Json, check: bool, plan: Isolation) -> None:
    wished = list(dict.fromkeys(os.path.normpath(path) for path in wishes["directories"]))
    # What lies in another one of them is private with it, and not there to be mounted over.
    tops = [path for path in wished if not any(path != other and _is_below(path, other) for other in wished)]
    plan.refusals += [fault for path in tops for fault in _faults_of_directory(path, host, check, plan)]
    private = wishes["per_job_namespaces"]
    if not private and wished:
        # Seen with 23.9.6: the starter gives up with "Can not remount filesystems".
        plan.refusals.append(
            f"directories: without mount namespaces (per_job_namespaces) jobs that are to have {', '.join(wished)} of "
            "their own cannot start: set the directories to [], or keep the namespaces"
        )
    if not private:
        plan.warnings.append(
            "per_job_namespaces is false: all jobs share /tmp, /var/tmp, /dev/shm and the list of processes"
        )
    elif host.automounts:
        plan.warnings.append(
            f"automounts ({', '.join(host.automounts)}): HTCondor shares them with its jobs; where jobs miss one all "
            "the same, set per_job_namespaces to false, which costs the private directories"
        )
    plan.knobs["MOUNT_UNDER_SCRATCH"] = render_directories(tops)
    plan.knobs["PER_JOB_NAMESPACES"] = _boolean(private)
    plan.knobs["MOUNT_PRIVATE_DEV_SHM"] = _boolean(private)
    plan.mode["directories"] = tops
    plan.mode["dev_shm"] = private


def _faults_of_directory(path: str, host: Host, check: bool, plan: Isolation) -> list[str]:
    """Return what keeps a directory from being mounted over."""
    real = host.directories.get(path)
    execute = os.path.normpath(host.execute)
    if not path.startswith("/") or _UNSAFE.search(path):
        return [f"directories: {path!r} is no absolute path without blanks, quotes and commas"]
    if path in _SHM or real in _SHM:
        return [f"directories: {path} is private already (MOUNT_PRIVATE_DEV_SHM): take it out of the list"]
    if path in _OF_SYSTEM or real in _OF_SYSTEM:
        return [f"directories: {path} is a directory of the system that jobs need: take it out of the list"]
    if real is None and check:
        plan.warnings.append(f"directories: {path} is not there yet; it has to be when jobs start")
    elif real is None:
        return [f"directories: {path} is not there, and no job could start: make it, or take it out of the list"]
    if _is_below(execute, path) or _is_below(execute, real or path):
        return [
            f"directories: HTCondor's EXECUTE ({execute}) lies in {path}, and HTCondor would silently leave that "
            "shared: move EXECUTE elsewhere (knob EXECUTE), or take the directory out of the list"
        ]
    return []


def _plan_processes(host: Host, wishes: Json, plan: Isolation) -> None:
    wish: str = wishes["processes"]
    # Why each of them cannot be had; None where it can.
    no_namespaces = _no_pid_namespaces(host, wishes)
    no_cgroups = None if host.cgroup else "the host has no cgroup file system that HTCondor could write to"
    no_both = no_namespaces or no_cgroups or _not_both(host)
    if wish == "auto":
        # A wish for limits of memory is one for cgroups.
        needs_cgroups = wishes["memory"] in ("hard", "custom") or wishes["swap"] == "disabled"
        if no_both is None:
            wish = "both"
        elif no_namespaces is None and not needs_cgroups:
            wish = "pid_namespaces"
        elif no_cgroups is None:
            wish = "cgroups"
        else:
            wish = "none"
        if "namespaces" not in wish and wish != "both":
            reason = no_namespaces or "limits of memory or swap need cgroups, and " + str(no_both)
            plan.warnings.append(f"processes: jobs see the processes of the host and of each other: {reason}")
    else:
        obstacle = {"both": no_both, "pid_namespaces": no_namespaces, "cgroups": no_cgroups}.get(wish)
        if obstacle:
            plan.refusals.append(f"processes: {wish} cannot be had: {obstacle}")
    namespaces, cgroups = wish in ("both", "pid_namespaces"), wish in ("both", "cgroups")
    plan.knobs["USE_PID_NAMESPACES"] = _boolean(namespaces)
    plan.knobs["BASE_CGROUP"] = "htcondor" if cgroups else ""
    plan.mode["processes"] = wish
    if wish == "none":
        plan.warnings.append("processes: only a process's parents tell which job it is of; some may outlive their job")


def _no_pid_namespaces(host: Host, wishes: Json) -> str | None:
    broken, mended = PID_NAMESPACES_BROKEN
    if not wishes["per_job_namespaces"]:
        return "PID namespaces need mount namespaces, and per_job_namespaces is false"
    if host.version is not None and broken <= host.version < mended:
        return "PID namespaces do not work in HTCondor 10.6.0 to 23.0.0: take a newer one"
    return None


def _not_both(host: Host) -> str | None:
    # A version that is not known may be one that cannot do it, in which no job would start.
    if host.cgroup == 2 and (host.version or (0,)) < PID_NAMESPACES_IN_CGROUP_V2:
        return "before HTCondor 23.10.1 a job cannot have a PID namespace and a cgroup of version 2 at once"
    return None


def _plan_memory(host: Host, wishes: Json, plan: Isolation) -> None:
    memory, swap = wishes["memory"], wishes["swap"]
    no_limit = _no_memory_limit(host, plan)
    if memory in ("hard", "custom") and no_limit:
        plan.refusals.append(f"memory: {memory} cannot be had: {no_limit}")
    if memory == "custom" and not wishes["memory_limit"]:
        plan.refusals.append("memory: custom needs an expression for the limit: set memory_limit")
    if memory == "auto":
        memory = "none" if no_limit else "hard"
        if no_limit:
            plan.warnings.append(f"memory: jobs may use more than they asked for: {no_limit}")
    plan.knobs["CGROUP_MEMORY_LIMIT_POLICY"] = memory
    if memory == "custom":
        plan.knobs["CGROUP_HARD_MEMORY_LIMIT_EXPR"] = wishes["memory_limit"] or ""
    no_swap = no_limit or _no_swap_limit(host)
    if swap == "disabled" and no_swap:
        plan.refusals.append(f"swap: disabled cannot be had: {no_swap}")
    if swap == "auto":
        swap = "allowed" if no_swap or memory == "none" else "disabled"
        if swap == "allowed" and not no_limit:
            plan.warnings.append(f"swap: jobs may use it: {no_swap or 'their memory has no limit'}")
    plan.knobs["DISABLE_SWAP_FOR_JOB"] = _boolean(swap == "disabled")
    plan.mode.update(memory=memory, swap=swap)


def _no_memory_limit(host: Host, plan: Isolation) -> str | None:
    if plan.mode["processes"] not in ("both", "cgroups"):
        return f"jobs are in no cgroups (processes: {plan.mode['processes']})"
    if "memory" not in host.controllers:
        return "the host's cgroups have no controller for memory"
    if host.cgroup == 2 and _is_older(host, MEMORY_IN_CGROUP_V2):
        return "HTCondor 23.0 and older do not enforce it with cgroup v2, as on EL 9: take a newer one"
    return None


def _no_swap_limit(host: Host) -> str | None:
    if host.cgroup and _is_older(host, SWAP_IN_CGROUP[host.cgroup]):
        since = ".".join(map(str, SWAP_IN_CGROUP[host.cgroup][:2]))
        return f"HTCondor limits it since {since} with cgroup v{host.cgroup}"
    return None


def _plan_disk(host: Host, wishes: Json, plan: Isolation) -> None:
    disk, group, pool = wishes["disk"], wishes["volume_group"], wishes["thin_pool"]
    no_limit = None
    if not host.has_lvm:
        no_limit = "the host has no LVM (the command lvs)"
    elif _is_older(host, DISK_LIMITS):
        no_limit = "HTCondor limits it since 10.0"
    elif group and group not in host.volume_groups:
        no_limit = f"the host has no volume group {group!r}"
    elif disk == "auto" and not group:
        no_limit = "no volume group is given for it"
    if disk == "limited" and no_limit:
        plan.refusals.append(f"disk: limited cannot be had: {no_limit}")
    if disk == "auto":
        disk = "unlimited" if no_limit else "limited"
        if no_limit:
            plan.warnings.append(f"disk: jobs may use more than they asked for: {no_limit}")
    plan.knobs["STARTD_ENFORCE_DISK_LIMITS"] = _boolean(disk == "limited")
    if disk == "limited" and group:
        plan.knobs["LVM_VOLUME_GROUP_NAME"] = group
    if disk == "limited" and pool:
        plan.knobs.update({"LVM_THINPOOL_NAME": pool, "LVM_USE_THIN_PROVISIONING": "True"})
    plan.mode["disk"] = disk


def _plan_users(host: Host, wishes: Json, plan: Isolation) -> None:
    users = wishes["users"]
    plan.mode["users"] = users
    plan.knobs["STARTER_ALLOW_RUNAS_OWNER"] = _boolean(users == "submitting_user")
    if users == "submitting_user":
        # The domain is a name that the site's access points and execution points share, and need not be one of DNS.
        plan.knobs["TRUST_UID_DOMAIN"] = "True"
    if users == "nobody":
        if plan.mode["processes"] not in ("both", "pid_namespaces"):
            reason = _no_pid_namespaces(host, wishes) or f"processes is {plan.mode['processes']}"
            plan.refusals.append(
                "users: nobody needs PID namespaces, for jobs of one account can end and trace one another without: "
                f"{reason}; choose slot_users"
            )
        plan.warnings.append(
            "users: nobody: a job can read the files of others on its host that are open to their owner"
        )
        return
    slots = slot_accounts(host.config, host.cpus, wishes["slots"], wishes["account_prefix"], host.version)
    names = list(slots.values())
    for name in names:
        account = host.accounts.get(name)
        if account is not None and not account.is_of_system:
            plan.refusals.append(
                f"users: {name} (UID {account.uid}) is somebody's account, not a slot's: set another account_prefix"
            )
    plan.accounts = names
    for slot, name in slots.items():
        # HTCondor looks a slot's user up by the slot's whole name. Seen with 23.9.6: $(STARTER_SLOT_NAME), which its
        # manual has for NOBODY_SLOT_USER, is empty when a starter asks for it, and the job runs as nobody.
        plan.knobs[f"{slot.upper()}_USER"] = name
    if not _is_older(host, NOBODY_SLOT_USER):
        # A slot that came later has no account: its job goes back to the queue instead of sharing one.
        plan.knobs["NOBODY_SLOT_USER"] = f"{wishes['account_prefix']}_has_no_account"
    plan.knobs["DEDICATED_EXECUTE_ACCOUNT_REGEXP"] = f"{re.escape(wishes['account_prefix'])}[0-9]+(_[0-9]+)?"


def _boolean(value: bool) -> str:
    return "True" if value else "False"
