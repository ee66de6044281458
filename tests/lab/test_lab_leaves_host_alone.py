# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of its own, made, used and ended, and what this machine looks like before, meanwhile and after."""

from __future__ import annotations

import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Path("/proc/sys")
# Writable, but no settings: the last process id, and a switch that acts when it is read.
NO_SETTINGS = {SETTINGS / "kernel/ns_last_pid", SETTINGS / "vm/stat_refresh"}


def output(*argv: str | Path) -> str:
    return subprocess.run(list(map(str, argv)), check=True, capture_output=True, text=True, timeout=120).stdout


CGROUPS = Path(output("findmnt", "--noheadings", "--first-only", "--types", "cgroup2", "--output", "TARGET").strip())


def sysctls() -> dict[str, bytes]:
    """Return all settings of the kernel; what cannot be written is its state."""
    settings = {}
    for path in SETTINGS.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o222 and path not in NO_SETTINGS:
            try:
                settings[str(path)] = path.read_bytes()
            except OSError:
                continue  # has no value at present, or can only be written
    return settings


def cgroups() -> list[str]:
    """Return the cgroups of version 2, but for those of labs, others of which may run meanwhile."""
    return output("find", CGROUPS, "-name", "sitewright-grid-*", "-prune", "-o", "-type", "d", "-print").split()


def machine() -> dict[str, t.Any]:
    return {
        "sysctls": sysctls(),
        "firewall": output("nft", "list", "ruleset"),
        "links": output("ip", "-oneline", "link"),
        "addresses": output("ip", "-brief", "address"),
        "routes": output("ip", "route", "show", "table", "all"),
        "mounts": output("findmnt", "--noheadings", "--raw", "--output", "TARGET,SOURCE"),
        "cgroups": cgroups(),
    }


def processes_of(project: Path) -> list[Path]:
    """Return the processes, as directories of /proc, whose command lines name the project."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(project).encode() in (path / "cmdline").read_bytes():
                found.append(path)
        except OSError:
            continue  # has ended
    return found


def cgroup_of(process: Path) -> Path:
    """Return the directory of a process's cgroup of version 2."""
    [name] = [line[3:] for line in (process / "cgroup").read_text().splitlines() if line.startswith("0::")]
    return Path(f"{CGROUPS}{name}")


@pytest.fixture
def project(tmp_path: Path) -> t.Iterator[Path]:
    """A checkout's lab, without the checkout."""
    shutil.copytree(ROOT / "molecule", tmp_path / "molecule")
    yield tmp_path
    output(tmp_path / "molecule" / "namespace", "stop")
    shutil.rmtree(tmp_path / ".lab", ignore_errors=True)  # pytest would keep its images


def test_a_lab_leaves_this_machine_as_it_is(project: Path) -> None:
    namespace, podman = project / "molecule" / "namespace", project / "molecule" / "podman"
    before = machine()

    output(namespace, "start")
    output(project / "molecule" / "image" / "build")
    options = [
        "--detach",
        "--name",
        "one",
        "--network",
        "lab",
        "--systemd",
        "always",
        "--cap-add",
        "SYS_ADMIN,NET_ADMIN",
    ]
    output(podman, "run", *options, "localhost/lab:bare")
    output(podman, "exec", "one", "sh", "-c", "until systemctl is-system-running --wait; do sleep 1; done")
    output(podman, "exec", "one", "apt-get", "update")
    forwarding = output(namespace, "run", "cat", "/proc/sys/net/ipv4/ip_forward")
    assert forwarding == "1\n", "the host went out without the lab's own routing: nothing was tested"
    assert machine() == before

    own = {cgroup_of(process).relative_to(CGROUPS).parts[0] for process in processes_of(project)}
    assert len(own) == 1
    output(namespace, "stop")
    assert machine() == before
    assert not (CGROUPS / own.pop()).exists()
    assert processes_of(project) == []


def test_ssh_never_looks_for_lab_hosts_outside_of_the_lab(project: Path) -> None:
    done = subprocess.run(
        [project / "molecule" / "ssh", "localhost", "true"], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "namespace: the lab does not run: 'make site' starts it\n"


def test_preflight_refuses_other_users_in_one_line() -> None:
    script = (ROOT / "molecule" / "preflight").read_text()
    done = subprocess.run(
        ["bash", "-c", script, "preflight"], user=65534, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "lab: has to be started by root: it makes namespaces and mounts\n"
