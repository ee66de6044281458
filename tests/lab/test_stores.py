# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three small stores: formed under the eyes of a spy, killed at many moments, grown, and taken away again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import typing as t
from pathlib import Path

import pytest
from lab import ENVIRON, ROOT, Lab, edit_inventory

INVENTORY = Path(__file__).parent / "inventories" / "stores"
KEY = re.compile(r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{38}==|[A-Za-z0-9+/]{59}=)(?![A-Za-z0-9+/=])")
# The moments to kill a run at, as the number of task headings that it has printed by then.
FIRST_RUN = (4, 8, 11, 13, 15, 17, 20, 23, 26, 29, 32, 36)
GROWTH_RUN = (4, 7, 9, 11, 13, 15, 18, 21, 24, 27)


@pytest.fixture(scope="module")
def stores() -> t.Iterator[Lab]:
    lab = Lab(INVENTORY)
    yield lab
    lab.destroy()


@pytest.fixture
def grown(stores: Lab, tmp_path: Path) -> Lab:
    """The same stores, and a fourth with a monitor and an OSD."""

    def add_store(inventory: dict[str, t.Any]) -> None:
        inventory["ceph_mons"]["hosts"]["small4"] = {"ansible_host": "198.51.100.44"}
        inventory["ceph_osds"]["hosts"]["small4"] = None

    return edit_inventory(INVENTORY, tmp_path, add_store)


def kill_after(lab: Lab, tasks: int, *arguments: str) -> None:
    """Start a run and kill it, and all that it has started here, when it begins its task of this number."""
    run = subprocess.Popen(
        lab.argv("site.yml", *arguments),
        cwd=ROOT,
        env={**ENVIRON, "PYTHONUNBUFFERED": "1"},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert run.stdout
    output = ""
    for line in run.stdout:
        output += line
        if output.count("\nTASK [") == tasks:
            break
    else:
        pytest.fail(f"the run could not be killed at task {tasks}, it had ended:\n{output}", pytrace=False)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def keys(lab: Lab, host: str) -> dict[str, str]:
    """Return the keys of the cluster, by entity."""
    return {entity["entity"]: entity["key"] for entity in lab.ceph(host, "auth ls")["auth_dump"]}


def what_is_there(lab: Lab) -> dict[str, set[str]]:
    """Return each host's fsid, monitor's key and admin's key, as far as it has them."""
    command = (
        "grep -h ^fsid /etc/ceph/ceph.conf; grep -h key /etc/ceph/ceph.client.admin.keyring "
        "/var/lib/ceph/mon/*/keyring /var/lib/ceph/mkcephfs/keyring.mon; true"
    )
    return {host: set(lab.ssh(host, command).split("\n")) - {""} for host in lab.hosts()}


def assert_whole(lab: Lab, osds: int) -> None:
    lab.wait_for_health("small1")
    tree = lab.ceph("small1", "osd tree")
    assert sorted(node["id"] for node in tree["nodes"] if node["type"] == "osd") == list(range(osds))
    assert not tree["stray"]
    entities = keys(lab, "small1")
    assert sorted(name for name in entities if name.startswith("osd.")) == [f"osd.{number}" for number in range(osds)]


def chosen(moments: tuple[int, ...], soak: bool) -> list[int]:
    return list(moments) if soak else [moments[5]]


def test_a_first_run_killed_and_run_again(stores: Lab, soak: bool) -> None:
    for moment in chosen(FIRST_RUN, soak):
        stores.destroy()
        stores.create()
        kill_after(stores, moment)
        before = what_is_there(stores)
        stores.play("site.yml")
        after = what_is_there(stores)
        assert all(before[host] <= after[host] for host in before), f"killed at {moment}: an fsid or a key was replaced"
        assert_whole(stores, 3)
        assert not stores.play("site.yml").changed, f"killed at {moment}"


def test_a_growth_run_killed_and_run_again(stores: Lab, grown: Lab, soak: bool) -> None:
    for moment in chosen(GROWTH_RUN, soak):
        stores.create()
        stores.play("site.yml")
        fsid, old = stores.ceph("small1", "fsid"), keys(stores, "small1")
        grown.create()
        kill_after(grown, moment, "--limit", "small4")
        grown.play("site.yml", "--limit", "small4")
        assert grown.ceph("small1", "fsid") == fsid
        assert old.items() <= keys(grown, "small1").items(), f"killed at {moment}: a key was replaced"
        assert sorted(grown.ceph("small1", "quorum_status")["quorum_names"]) == ["small1", "small2", "small3", "small4"]
        assert_whole(grown, 4)
        grown.destroy()


class Spy(threading.Thread):
    """Samples the command lines of every process of the lab's hosts, and of this machine, until it is told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue
            self.enough.wait(0.02)


def test_no_key_is_shown(stores: Lab) -> None:
    """A first run with all output on, watched from outside, and then everything that it has left in logs and files."""
    stores.destroy()
    stores.create()
    spy = Spy()
    spy.start()
    play = stores.play("site.yml", "-vvv", "--diff")
    spy.enough.set()
    spy.join()

    secrets = set(keys(stores, "small1").values())
    assert len(secrets) > 8
    secrets |= set(KEY.findall(stores.ssh("small1", "cat /var/lib/ceph/mon/*/keyring")))
    assert any("ceph-mon" in line for line in spy.seen), "the spy saw nothing of the hosts"
    assert not KEY.findall(play.output)
    assert not [line for line in spy.seen if KEY.search(line)]
    for host in stores.hosts():
        # grep takes the keys from its standard input, so that the test leaves them in no process list either.
        logs = stores.ssh(host, "journalctl --no-pager; cat /var/log/ceph/* /var/log/*.log; true")
        assert not [secret for secret in secrets if secret in logs], host
        readable = stores.ssh(
            host,
            "find /etc /var /root /run /tmp /srv /opt -xdev -type f -perm /o+r -size -1M -print0 "
            "| xargs -0 grep --files-with-matches --extended-regexp 'key = [A-Za-z0-9+/]{38}==' ; true",
        )
        assert not readable.strip(), f"{host}: {readable}"


def test_what_was_made_is_taken_away(stores: Lab) -> None:
    stores.play("purge.yml", "-e", "purge_site=wrong", rc=2)
    stores.wait_for_health("small1")
    stores.play("purge.yml", "-e", "purge_site=small")
    for host in stores.hosts():
        left = stores.ssh(
            host,
            "ls -A /var/lib/ceph/mon /var/lib/ceph/osd /var/lib/ceph/mgr /var/lib/ceph/mds /etc/ceph "
            "| grep -vE '^$|:$|rbdmap'; ls -d /var/lib/ceph/mkcephfs /etc/systemd/system/cephfs.service; "
            "pgrep --list-full 'ceph-(mon|mgr|osd|mds|fuse)'; true",  # ceph-crash is the packages' own
        )
        assert not left.strip(), f"{host}: {left}"
    stores.play("site.yml")
    assert_whole(stores, 3)
