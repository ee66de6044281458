# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three small stores: formed under the eyes of a spy, killed at many moments, grown, and taken away again."""

from __future__ import annotations

import re
import threading
import typing as t
from pathlib import Path

import pytest
from lab import Lab, edit_inventory

INVENTORY = Path(__file__).parent / "inventories" / "stores"
KEY = re.compile(r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{38}==|[A-Za-z0-9+/]{59}=)(?![A-Za-z0-9+/=])")
# The moments to kill a run at: this many seconds after it has begun the task whose name has these words in it.
FIRST_RUN = (
    ("Write ceph.conf", 0.4),
    ("Make the keys on the first monitor's host", 0.4),
    ("Make the monitor map", 0.4),
    ("make | Make the monitor's store", 0.3),
    ("make | Make the monitor's store", 0.8),
    ("Install the key of client.admin", 0.4),
    ("Run the monitor", 0.6),
    ("Run the monitor", 1.2),
    ("Set the central configuration", 0.5),
    ("Make the pools and the file systems", 0.8),
    ("Ask the cluster for the keys", 0.9),
    ("ceph_mgr : Run the manager", 0.3),
    ("ceph_mgr : Run the manager", 0.7),
    ("Make the OSDs and run them", 1.0),
    ("Make the OSDs and run them", 2.5),
    ("ceph_mds : Run the metadata server", 0.5),
    ("mount_fuse | Mount", 0.5),
)
GROWTH_RUN = (
    ("Write ceph.conf", 0.4),
    ("Ask the cluster for its keys", 0.8),
    ("make | Make the monitor's store", 0.2),
    ("make | Make the monitor's store", 0.5),
    ("Install the key of client.admin", 0.2),
    ("Run the monitor", 0.3),
    ("Run the monitor", 0.6),
    ("Ask the cluster for the keys", 0.9),
    ("ceph_mgr : Run the manager", 0.4),
    ("Make the OSDs and run them", 0.8),
    ("Make the OSDs and run them", 2.0),
    ("Make the OSDs and run them", 3.0),
)
SHORT = (3, -3)  # of each


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    """The stores, and a fourth with a monitor and an OSD."""

    def add_store(inventory: dict[str, t.Any]) -> None:
        inventory["ceph_mons"]["hosts"]["small4"] = {"ansible_host": "198.51.100.44"}
        inventory["ceph_osds"]["hosts"]["small4"] = None

    lab = edit_inventory(INVENTORY, tmp_path_factory.mktemp("grown"), add_store)
    lab.destroy()  # what an earlier run of the tests may have left is of another cluster
    yield lab
    lab.destroy()


@pytest.fixture(scope="module")
def stores(grown: Lab) -> Lab:
    """Those of the inventory, at first not there. They go when the grown ones do."""
    del grown
    return Lab(INVENTORY)


def kill_after(lab: Lab, moment: tuple[str, float], *arguments: str) -> None:
    """Start a run and kill it at its moment."""
    task, delay = moment
    lab.kill_run("site.yml", *arguments, task=task, delay=delay)


def keys(lab: Lab, host: str) -> dict[str, str]:
    """Return the keys of the cluster, by entity."""
    return {entity["entity"]: entity["key"] for entity in lab.ceph(host, "auth ls")["auth_dump"]}


def what_is_there(lab: Lab) -> dict[str, set[str]]:
    """Return each host's fsid, monitor's key and admin's key, as far as it has them."""
    command = (
        "grep -h ^fsid /etc/ceph/ceph.conf; grep -h key /etc/ceph/ceph.client.admin.keyring "
        "/var/lib/ceph/mon/*/keyring /var/lib/ceph/mkcephfs*/keyring.mon; true"
    )
    return {host: set(lab.ssh(host, command).split("\n")) - {""} for host in lab.hosts()}


def assert_whole(lab: Lab, osds: int) -> None:
    lab.wait_for_health("small1")
    tree = lab.ceph("small1", "osd tree")
    assert sorted(node["id"] for node in tree["nodes"] if node["type"] == "osd") == list(range(osds))
    assert not tree["stray"]
    entities = keys(lab, "small1")
    assert sorted(name for name in entities if name.startswith("osd.")) == [f"osd.{number}" for number in range(osds)]


def chosen(moments: tuple[tuple[str, float], ...], soak: bool) -> list[tuple[str, float]]:
    return list(moments) if soak else [moments[number] for number in SHORT]


def test_a_first_run_killed_and_run_again(stores: Lab, soak: bool) -> None:
    """Each run is killed later than the one before, and goes on from what that one has left."""
    stores.create()
    before = what_is_there(stores)
    for moment in chosen(FIRST_RUN, soak):
        kill_after(stores, moment)
        after = what_is_there(stores)
        assert all(before[host] <= after[host] for host in before), f"killed at {moment}: an fsid or a key was replaced"
        before = after
    stores.play("site.yml")
    after = what_is_there(stores)
    assert all(before[host] <= after[host] for host in before), "an fsid or a key was replaced"
    assert_whole(stores, 3)
    assert not stores.play("site.yml").changed


def test_a_growth_run_killed_and_run_again(stores: Lab, grown: Lab, soak: bool) -> None:
    stores.create()
    stores.play("site.yml")
    fsid, old = stores.ceph("small1", "fsid"), keys(stores, "small1")
    grown.create()
    for moment in chosen(GROWTH_RUN, soak):
        kill_after(grown, moment, "--limit", "small4")
        assert old.items() <= keys(stores, "small1").items(), f"killed at {moment}: a key was replaced"
    grown.play("site.yml", "--limit", "small4")
    assert grown.ceph("small1", "fsid") == fsid
    assert old.items() <= keys(grown, "small1").items()
    assert sorted(grown.ceph("small1", "quorum_status")["quorum_names"]) == ["small1", "small2", "small3", "small4"]
    assert_whole(grown, 4)
    assert not grown.play("site.yml", "--limit", "small4").changed
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
            "| grep -vE '^$|:$|rbdmap'; ls -d /var/lib/ceph/mkcephfs* /etc/systemd/system/cephfs.service; "
            "pgrep --list-full 'ceph-(mon|mgr|osd|mds|fuse)'; true",  # ceph-crash is the packages' own
        )
        assert not left.strip(), f"{host}: {left}"
    stores.play("site.yml")
    assert_whole(stores, 3)
