# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running lab: playbooks against its hosts, and an independent look at what they hold."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.prefix) / "bin"
ENVIRON = {
    **os.environ,
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "ANSIBLE_FORCE_COLOR": "0",
    "ANSIBLE_NOCOLOR": "1",
    # Molecule remembers there what it has created; its usual place is shared by checkouts of one name.
    "ANSIBLE_HOME": str(ROOT / ".ansible"),
}
RECAP = re.compile(r"^(\S+)\s+: (ok=.*)$", re.MULTILINE)
# What shows whether a daemon has been restarted: its unit and the moment since when it is active.
ACTIVE_SINCE = "systemctl show --property=Id,ActiveEnterTimestampMonotonic 'ceph-*@*.service' cephfs.service"


@dataclass(frozen=True)
class Play:
    """A run of ansible-playbook that has ended."""

    rc: int
    output: str

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """The counts of the recap by host."""
        return {
            host: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", counts)}
            for host, counts in RECAP.findall(self.output)
        }

    @property
    def changed(self) -> dict[str, int]:
        """The hosts on which something was changed, and how much."""
        return {host: counts["changed"] for host, counts in self.recap.items() if counts["changed"]}


def kill(run: subprocess.Popen[str]) -> None:
    """Kill a run, and all that it has started here."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


class Lab:
    """The hosts of one inventory."""

    def __init__(self, *inventories: Path) -> None:
        self.inventories = inventories

    @property
    def _given(self) -> list[str]:
        return [word for path in self.inventories for word in ("--inventory", str(path))]

    def argv(self, playbook: str, *arguments: str) -> list[str]:
        """Return the command line of a run."""
        return [str(BIN / "ansible-playbook"), *self._given, str(ROOT / "playbooks" / playbook), *arguments]

    def play(self, playbook: str, *arguments: str, rc: int = 0, timeout: int = 900) -> Play:
        """Run a playbook to its end, which has to be the given one."""
        run = self.start(playbook, *arguments)
        try:
            output, _nothing = run.communicate(timeout=timeout)
        except BaseException:
            kill(run)
            raise
        if run.returncode != rc:
            pytest.fail(f"{playbook} ended with {run.returncode}, not {rc}:\n{output[-6000:]}", pytrace=False)
        return Play(run.returncode, output)

    def start(self, playbook: str, *arguments: str) -> subprocess.Popen[str]:
        """Start the run of a playbook, in a session of its own, and return it with all its output in one stream."""
        return subprocess.Popen(
            self.argv(playbook, *arguments),
            cwd=ROOT,
            env=ENVIRON,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill_run(self, playbook: str, *arguments: str, task: str, delay: float, play: str = "") -> str:
        """Start a run and kill it, and all that it has started here, this long after it has begun a task.

        The task is the first with these words in its name, in the first play with those in its name. Returns what the
        run has said until then.
        """
        run = self.start(playbook, *arguments)
        assert run.stdout
        output, is_in_play = "", not play
        for line in run.stdout:
            output += line
            is_in_play = is_in_play or (line.startswith("PLAY [") and play in line)
            if is_in_play and line.startswith("TASK [") and task in line:
                break
        else:
            pytest.fail(f"the run had ended before its task '{task}':\n{output}", pytrace=False)
        time.sleep(delay)
        kill(run)
        return output

    def kill_hosts(self, hosts: t.Iterable[str]) -> None:
        """Cut the power of hosts, all at once."""
        argv = [str(ROOT / "molecule" / "podman"), "kill", *hosts]
        subprocess.run(argv, check=True, capture_output=True)

    def try_ssh(self, host: str, command: str, timeout: int = 120) -> subprocess.CompletedProcess[str]:
        """Run a shell command on a host, whatever comes of it."""
        return subprocess.run(
            [str(ROOT / "molecule" / "ssh"), "-F", str(ROOT / ".lab" / "ssh_config"), host, command],
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def ssh(self, host: str, command: str, timeout: int = 120) -> str:
        """Run a shell command on a host, which has to succeed, and return what it printed."""
        done = self.try_ssh(host, command, timeout)
        if done.returncode != 0:
            pytest.fail(f"{host}: {command}: {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
        return done.stdout

    def create(self) -> None:
        """Start the hosts of the inventory that do not run yet."""
        self.play("../molecule/shared/create.yml")

    def destroy(self, *arguments: str) -> None:
        """Take the hosts of the inventory away, or those that a limit names."""
        self.play("../molecule/shared/destroy.yml", *arguments)

    def restart(self, hosts: t.Iterable[str]) -> None:
        """Restart hosts, all at once; those that are off start."""
        self._podman("restart", hosts)

    def stop(self, hosts: t.Iterable[str]) -> None:
        """Switch hosts off, all at once."""
        self._podman("stop", hosts)

    @staticmethod
    def _podman(verb: str, hosts: t.Iterable[str]) -> None:
        argv = [str(ROOT / "molecule" / "podman"), verb, "--time", "30", *hosts]
        subprocess.run(argv, check=True, capture_output=True)

    def ceph(self, host: str, words: str) -> t.Any:
        """Ask the cluster from a host that holds the key of client.admin."""
        return json.loads(self.ssh(host, f"ceph --connect-timeout 30 {words} --format json"))

    @cached_property
    def _listed(self) -> dict[str, t.Any]:
        """The inventory as Ansible lists it; what a test edits is another one."""
        argv = [str(BIN / "ansible-inventory"), *self._given, "--list"]
        listed = subprocess.run(argv, cwd=ROOT, env=ENVIRON, capture_output=True, check=True)
        inventory: dict[str, t.Any] = json.loads(listed.stdout)
        return inventory

    def hosts(self, group: str = "all") -> list[str]:
        """Return the hosts of a group of the inventory."""

        def members(name: str) -> list[str]:
            content = self._listed.get(name, {})
            below = [host for child in content.get("children", []) for host in members(child)]
            return list(dict.fromkeys([*content.get("hosts", []), *below]))

        return sorted(members(group))

    def active_since(self, hosts: t.Iterable[str]) -> dict[str, str]:
        """Return since when each of the daemons on the hosts has been active, by C(host unit)."""
        result = {}
        for host in hosts:
            for block in self.ssh(host, ACTIVE_SINCE).strip().split("\n\n"):
                fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
                if fields.get("ActiveEnterTimestampMonotonic", "0") != "0":
                    result[f"{host} {fields['Id']}"] = fields["ActiveEnterTimestampMonotonic"]
        return result

    def wait_until(self, what: str, host: str, command: str, timeout: int = 300) -> None:
        """Wait until a shell command succeeds on a host."""
        deadline = time.monotonic() + timeout
        while (done := self.try_ssh(host, command)).returncode != 0:
            if time.monotonic() > deadline:
                detail = self.try_ssh(host, "ceph --connect-timeout 5 health detail").stdout
                pytest.fail(f"{host}: not {what} within {timeout} s: {done.stdout}{done.stderr}{detail}", pytrace=False)
            time.sleep(2)

    def wait_for_health(self, host: str, timeout: int = 300) -> None:
        """Wait until the cluster is healthy by its own word."""
        self.wait_until("HEALTH_OK", host, "ceph --connect-timeout 10 health | grep ^HEALTH_OK", timeout)


def edit_inventory(source: Path, directory: Path, edit: t.Callable[[dict[str, t.Any]], None]) -> Lab:
    """Return the lab of a copy of an inventory, changed as an operator would change it."""
    copy = directory / "inventory"
    shutil.copytree(source, copy)
    for path in (path for path in copy.rglob("*.yml")):
        # The copy is elsewhere, the lab's tools are not.
        path.write_text(path.read_text().replace("{{ inventory_dir }}", str(source)))
    hosts = copy / "hosts.yml"
    inventory = yaml.safe_load(hosts.read_text())
    edit(inventory)
    hosts.write_text(yaml.safe_dump(inventory, sort_keys=False))
    return Lab(copy)


def molecule(*words: str, timeout: int = 1800, environ: dict[str, str] | None = None) -> str:
    """Run Molecule and return what it printed; it has to succeed."""
    done = subprocess.run(
        [str(BIN / "molecule"), *words],
        cwd=ROOT,
        env={**ENVIRON, **(environ or {})},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"molecule {shlex.join(words)} ended with {done.returncode}:\n{done.stdout[-8000:]}", pytrace=False)
    return done.stdout
