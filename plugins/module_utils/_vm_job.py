# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a batch system has given to a job that boots a guest, and what the guest gives back.

The launcher grid-vm-run has this file in it, so it needs nothing but Python's own library.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import typing as t
from dataclasses import dataclass

OVERHEAD = 256  # MiB that QEMU and libvirt need beside the guest's memory
LEAST_MEMORY = 64  # MiB, of a guest
DEFAULT_MEMORY = 768  # MiB, where no batch system says how much there is
TOKEN_SCOPES = {"condor:/ADVERTISE_STARTD", "condor:/ADVERTISE_MASTER", "condor:/READ"}
LONGEST_TOKEN_LIFE = 7 * 86400  # seconds
_TEMPORARY = "/tmp"  # noqa: S108 - where a batch system names no other; what is made there is private


class JobError(ValueError):
    """Says why a job is refused."""


@dataclass(frozen=True)
class Given:
    """What the batch system has given: its name, the job's id, CPUs, MiB, scratch directory, and when it will end.

    None is what it does not say; ends is in seconds since the epoch.
    """

    system: str
    job: str
    cpus: int | None
    memory: int | None
    scratch: str
    ends: float | None


def parse_ad(text: str) -> dict[str, str]:
    """Return the attributes of a ClassAd in its long form, by their names in small letters, as they are written."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}


def read_given(
    environ: t.Mapping[str, str], read: t.Callable[[str], str], process: int, now: float, cpus_here: int = 1
) -> Given:
    """Return what the batch system has given to the job of this environment; read returns the text of a file."""
    if "_CONDOR_SCRATCH_DIR" in environ:
        return _given_by_condor(environ, read, now)
    if "SLURM_JOB_ID" in environ:
        return _given_by_slurm(environ, now)
    if "PBS_JOBID" in environ:
        ends = _number(environ.get("PBS_WALLTIME"))
        return Given(
            "pbs",
            environ["PBS_JOBID"].partition(".")[0],
            _number(environ.get("NCPUS")) or _number(environ.get("PBS_NUM_PPN")),
            None,
            environ.get("PBS_JOBDIR") or environ.get("TMPDIR") or _TEMPORARY,
            None if ends is None else now + ends,
        )
    return Given("none", str(process), cpus_here, DEFAULT_MEMORY, environ.get("TMPDIR") or _TEMPORARY, None)


def _given_by_condor(environ: t.Mapping[str, str], read: t.Callable[[str], str], now: float) -> Given:
    machine = parse_ad(read(environ["_CONDOR_MACHINE_AD"])) if "_CONDOR_MACHINE_AD" in environ else {}
    job = parse_ad(read(environ["_CONDOR_JOB_AD"])) if "_CONDOR_JOB_AD" in environ else {}
    ends = _number(job.get("allowedjobduration"))
    return Given(
        "htcondor",
        f"{job.get('clusterid', '0')}.{job.get('procid', '0')}",
        _number(machine.get("cpus")),
        _number(machine.get("memory")),
        environ["_CONDOR_SCRATCH_DIR"],
        None if ends is None else now + ends,
    )


def _given_by_slurm(environ: t.Mapping[str, str], now: float) -> Given:
    cpus = _number(environ.get("SLURM_CPUS_ON_NODE"))
    memory = _number(environ.get("SLURM_MEM_PER_NODE"))
    per_cpu = _number(environ.get("SLURM_MEM_PER_CPU"))
    if memory is None and per_cpu is not None:
        memory = per_cpu * (cpus or 1)
    ends = _number(environ.get("SLURM_JOB_END_TIME"))
    return Given(
        "slurm",
        environ["SLURM_JOB_ID"],
        cpus,
        memory or None,  # 0 is all that the node has
        environ.get("TMPDIR") or _TEMPORARY,
        None if ends is None or ends <= now else float(ends),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,12}", text) else None


@dataclass(frozen=True)
class Size:
    """What the guest gets: vCPUs, and memory in MiB."""

    vcpus: int
    memory: int


def size_guest(given: Given, vcpus: int | None, memory: int | None) -> Size:
    """Return what the guest gets: all that the job has, or as much less as is wished."""
    most = given.cpus or 1
    if vcpus is not None and not 0 < vcpus <= most:
        raise JobError(f"--vcpus {vcpus}: the job has {most} CPUs. Ask the batch system for more, or for less here.")
    if given.memory is None and memory is None:
        raise JobError("The batch system does not say how much memory the job has: give --memory.")
    room = None if given.memory is None else given.memory - OVERHEAD
    if room is not None and room < max(memory or 0, LEAST_MEMORY):
        wanted = f"--memory {memory}" if memory else f"A guest needs {LEAST_MEMORY} MiB"
        raise JobError(
            f"{wanted}: the job has {given.memory} MiB, of which QEMU needs {OVERHEAD}. Ask the batch system for "
            f"{max(memory or 0, LEAST_MEMORY) + OVERHEAD} MiB."
        )
    if memory is not None and memory < LEAST_MEMORY:
        raise JobError(f"--memory {memory}: a guest needs {LEAST_MEMORY} MiB.")
    return Size(vcpus or most, memory or room or LEAST_MEMORY)


def choose_accelerator(wished: str, node: t.Mapping[str, t.Any]) -> str:
    """Return kvm or tcg: what is wished, if the node's probe has found that it works.

    node is what the probe has written, empty where there was none.
    """
    found = {name: node.get(name) or {} for name in ("kvm", "tcg")}
    if wished == "tcg" or (wished == "auto" and not found["kvm"].get("works")):
        return "tcg"
    if not found["kvm"].get("works"):
        reason = found["kvm"].get("reason") or "it was not probed on this node"
        raise JobError(f"--accelerator kvm: KVM does not work here: {reason}")
    return "kvm"


def check_token(text: str, now: float, ends: float | None) -> str:
    """Return a token of HTCondor that may be given to a guest: one that ends soon and cannot do much."""
    token = text.strip()
    parts = token.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = payload.get("exp")
        scopes = set(str(payload.get("scope", "")).split())
    except (IndexError, ValueError, AttributeError):
        raise JobError("--token: the file holds no token of HTCondor.") from None
    if not isinstance(expires, (int, float)):
        raise JobError("--token: the token never ends. Make one with -lifetime, as long as the job may take.")
    if expires <= now:
        raise JobError("--token: the token has ended.")
    longest = max(LONGEST_TOKEN_LIFE, 0 if ends is None else ends - now)
    if expires > now + longest:
        raise JobError(f"--token: the token is good for {int(expires - now)} s more, {int(longest)} s at most will do.")
    if not scopes or scopes - TOKEN_SCOPES:
        much = ", ".join(sorted(scope.rpartition("/")[2] for scope in scopes - TOKEN_SCOPES)) or "everything"
        raise JobError(
            f"--token: the token is good for {much}. Make one with -authz ADVERTISE_STARTD -authz ADVERTISE_MASTER "
            "-authz READ only."
        )
    return token


def render_run(script: str, arguments: t.Sequence[str]) -> str:
    """Return the text of C(run), with which the guest starts the job's script; it stands beside C(input)."""
    return (
        "# Starts the job's script: sh run\n"
        'cd "$(dirname "$0")/input" || exit 126\n'
        f"exec ./{' '.join(shlex.quote(word) for word in (script, *arguments))}\n"
    )


# ---- What the guest has left on the job's disk ----


@dataclass(frozen=True)
class Entry:
    """A name in a directory of the job's disk: its inode, kind (file, directory or other), size and permissions."""

    name: str
    inode: int
    kind: str
    size: int
    mode: int


_LISTED = re.compile(r"/(?P<inode>\d+)/(?P<mode>[0-7]{5,6})/\d+/\d+/(?P<name>[^/\0\n]+)/(?P<size>\d*)/")
_KINDS = {0o100000: "file", 0o040000: "directory"}


def parse_listing(text: str) -> list[Entry]:
    """Return the entries of a directory, as C(ls -p) of debugfs lists them.

    The guest has written what is read here, so lines of another form are passed over, and names that could lead
    somewhere else.
    """
    entries = []
    for line in text.splitlines():
        match = _LISTED.fullmatch(line.strip())
        if match is None or match["name"] in (".", ".."):
            continue
        mode = int(match["mode"], 8)
        kind = _KINDS.get(mode & 0o170000, "other")
        entries.append(Entry(match["name"], int(match["inode"]), kind, int(match["size"] or 0), mode & 0o777))
    return entries


def parse_exit_code(text: str | None) -> int | None:
    """Return the guest's exit code, None where it has left none."""
    match = re.fullmatch(r"\s*(\d{1,3})\s*", text or "")
    return int(match[1]) if match and int(match[1]) <= 255 else None
