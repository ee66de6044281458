# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that serves all leaves a small site at work: alive, after refusals and kills; then, back again, dead."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from lab import Lab, Play, edit_inventory
from pool import Pool

INVENTORY = Path(__file__).parent / "inventories" / "stores"
STAYING = ["small1", "small2", "small3"]
PERSON = "dora"
JOBS = 6
KILLED_AT = (("Tell the cluster that they are gone", 3.0), ("Move the data of the OSDs", 2.0))
# Writes file after file on CephFS, each flushed, and notes their checksums elsewhere, until it is told to stop.
WRITER = """
import hashlib, os, pathlib, time
number = 0
os.makedirs("/cephfs/retire", exist_ok=True)
with open("/root/sums", "w") as sums:
    while not os.path.exists("/root/stop"):
        data, path = os.urandom(262144), f"/cephfs/retire/{number}"
        with open(path, "wb") as stream:
            stream.write(data); stream.flush(); os.fsync(stream.fileno())
        sums.write(f"{hashlib.sha256(data).hexdigest()}  {path}\\n"); sums.flush()
        number += 1
        time.sleep(0.5)
pathlib.Path("/root/done").touch()
"""


def add_host(inventory: dict[str, t.Any]) -> None:
    """Add small4, which serves all, and a pool."""
    inventory["ceph_mons"]["hosts"]["small4"] = {"ansible_host": "198.51.100.44"}
    inventory["ceph_osds"]["hosts"]["small4"] = None
    add_pool(inventory)
    for group in ("ceph_mdss", "ceph_clients", "condor_submits", "condor_executes", "osg_workers"):
        inventory[group]["hosts"]["small4"] = None


def add_pool(inventory: dict[str, t.Any]) -> None:
    """Give the stores a pool, and two metadata servers with small4's."""
    inventory["all"]["vars"]["condor_knobs"] = {
        "LINUX_KERNEL_TUNING_SCRIPT": "",
        "UPDATE_INTERVAL": 20,
        "SCHEDD_INTERVAL": 20,
        "NEGOTIATOR_INTERVAL": 10,
    }
    inventory["all"]["vars"]["osg_app"] = "/osg/app"
    inventory["osg_workers"] = {"hosts": {"small1": None}}
    inventory["ceph_mdss"]["hosts"] = {"small1": None}
    inventory["ceph_clients"]["hosts"] = {"small1": None, "small3": None}
    inventory["condor_managers"] = {"hosts": {"small2": None}}
    inventory["condor_submits"] = {"hosts": {"small2": None}}
    inventory["condor_executes"] = {"hosts": {"small1": None}}


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> t.Callable[..., Pool]:
    """Return what makes the inventory with small4 in which some hosts, or daemons of small4, retire."""

    def make(*retiring: str, daemons: t.Sequence[str] = ()) -> Pool:
        def edit(inventory: dict[str, t.Any]) -> None:
            add_host(inventory)
            inventory["retiring"] = {"hosts": dict.fromkeys(retiring)}
            inventory["ceph_osds"]["hosts"]["small4"] = {"ceph_retiring_daemons": list(daemons)}

        return Pool(*edit_inventory(INVENTORY, tmp_path_factory.mktemp("inventory"), edit).inventories)

    return make


@pytest.fixture(scope="module")
def grown(make: t.Callable[..., Pool]) -> t.Iterator[Pool]:
    """Give the site with small4, at work."""
    grown = make()
    grown.destroy()  # what an earlier run of the tests may have left is of another cluster
    grown.create()
    grown.play("site.yml")
    grown.wait_for_health("small1")
    grown.add_people({PERSON: 2004})
    yield grown
    grown.destroy()


@pytest.fixture(scope="module")
def without(grown: Pool, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Give the site after small4's lines were deleted."""
    del grown
    return edit_inventory(INVENTORY, tmp_path_factory.mktemp("without"), add_pool)


def look(lab: Lab) -> t.Any:
    """Return all that a refused retirement has to leave as it is."""
    osds = lab.ceph("small2", "osd dump")["osds"]
    weights = {node["name"]: node.get("crush_weight") for node in lab.ceph("small2", "osd tree")["nodes"]}
    entities = sorted(entity["entity"] for entity in lab.ceph("small2", "auth ls")["auth_dump"])
    monitors = sorted(mon["name"] for mon in lab.ceph("small2", "mon dump")["mons"])
    daemons = {host: lab.ssh(host, "systemctl is-active condor cephfs; true") for host in ("small2", "small4")}
    ceph = {name: at for name, at in lab.active_since(lab.hosts()).items() if "ceph-mon@small3" not in name}
    return [(osd["osd"], osd["in"], osd["up"]) for osd in osds], weights, entities, monitors, daemons, ceph


def refused(lab: Lab, *arguments: str) -> str:
    """Run a retirement that has to be refused, and return what it said, in one line."""
    play = lab.play("retire.yml", *arguments, rc=2)
    assert not play.changed, play.output
    return " ".join(play.output.split())


def others_changed(play: Play) -> dict[str, int]:
    return {host: number for host, number in play.changed.items() if host != "small4"}


def assert_forgotten(lab: Lab, host: str) -> None:
    """The cluster and the pool know nothing of a host any more."""
    assert sorted(lab.ceph("small2", "quorum_status")["quorum_names"]) == STAYING
    tree = lab.ceph("small2", "osd tree")
    assert host not in {node["name"] for node in tree["nodes"]}
    assert not tree["stray"]
    assert lab.ceph("small2", "osd stat")["num_osds"] == 3
    entities = {entity["entity"] for entity in lab.ceph("small2", "auth ls")["auth_dump"]}
    assert not {entity for entity in entities if host in entity}
    assert len([entity for entity in entities if entity.startswith("osd.")]) == 3


def test_what_would_lose_something_is_refused(grown: Pool, make: t.Callable[..., Pool]) -> None:
    assert "has only hosts that are in retiring" in refused(make("small2", "small4"))
    assert "has only hosts that are in retiring" in refused(make(*STAYING, "small4"))

    # Without a monitor, with a low near-full ratio: all that two of four hosts would take away, in one answer.
    grown.ssh("small2", "ceph osd set-nearfull-ratio 0.001")
    grown.ssh("small3", "systemctl stop ceph-mon@small3")
    grown.wait_until("told", "small2", "ceph quorum_status | grep -q '\"quorum\":\\[0,1,3\\]'")
    before = look(grown)
    said = refused(make("small1", "small4"))
    assert look(grown) == before
    grown.ssh("small3", "systemctl start ceph-mon@small3")
    grown.ssh("small2", "ceph osd set-nearfull-ratio 0.85")
    for words in (
        "of the 2 that are left 2 are needed, but 1 would be there: bring small3 back first",
        "0 metadata servers would be left for the 1 ranks of the file systems (cephfs: 1)",
        "keep 3 copies or parts, each on another host (min_size 2), but 2 of these with OSDs would be left",
        "above the near-full ratio of 0.1 %",
    ):
        assert words in said
    said = refused(make("small1", "small3", "small4"))
    assert "but 1 of these with OSDs would be left, and nothing could be written" in said

    # A job that is only in the host's own queue.
    job = "executable = /bin/true\nhold = true\nqueue 3\n"
    grown.ssh("small4", f"runuser -u {PERSON} -- sh -c 'cd && printf \"{job}\" | condor_submit -terse -'")
    before = look(grown)
    assert "3 jobs are in its queue" in refused(make("small4"))
    assert look(grown) == before
    grown.ssh("small4", "condor_rm -all")
    grown.wait_for_health("small2")


@pytest.mark.soak
def test_single_daemons_leave_and_their_host_stays(grown: Pool, make: t.Callable[..., Pool]) -> None:
    before = grown.active_since(grown.hosts())
    leaving = make(daemons=["mon", "mds"])
    assert not leaving.play("site.yml").changed
    play = leaving.play("retire.yml")
    assert set(play.changed) == {"small4"}, play.output
    assert not leaving.play("retire.yml").changed
    assert not leaving.play("site.yml").changed
    gone = {"small4 ceph-mon@small4.service", "small4 ceph-mgr@small4.service", "small4 ceph-mds@small4.service"}
    assert grown.active_since(grown.hosts()) == {name: at for name, at in before.items() if name not in gone}
    assert gone <= set(before)
    assert sorted(grown.ceph("small2", "quorum_status")["quorum_names"]) == STAYING
    entities = {entity["entity"] for entity in grown.ceph("small2", "auth ls")["auth_dump"]}
    assert not entities & {"mds.small4", "mgr.small4"}
    grown.ssh("small4", "test ! -e /var/lib/ceph/mon/ceph-small4 && test ! -e /var/lib/ceph/mds/ceph-small4")
    assert grown.ceph("small2", "osd stat")["num_up_osds"] == 4

    # Taken back, it serves again.
    grown.play("site.yml")
    assert len(grown.ceph("small2", "quorum_status")["quorum_names"]) == 4
    grown.wait_for_health("small2")


def test_a_host_retires_while_the_site_works(
    grown: Pool, make: t.Callable[..., Pool], without: Lab, soak: bool
) -> None:
    grown.rewrite("small3", "/root/writer.py", WRITER)
    grown.ssh("small3", "rm -f /root/stop /root/done; nohup python3 /root/writer.py > /root/writer.log 2>&1 &")
    grown.ssh("small1", "dd if=/dev/urandom of=/cephfs/large bs=1M count=200 conv=fsync status=none")
    grown.ssh("small1", "sha256sum /cephfs/large > /root/large")
    directory = grown.make_directory(PERSON, "jobs")
    work = {"executable": "/bin/sleep", "arguments": 20, "transfer_executable": "false", "log": "log"}
    cluster = grown.submit(PERSON, directory, {**work, "request_memory": 64, "request_disk": 1024}, str(JOBS))
    before = grown.active_since(STAYING)

    leaving = make("small4")
    expected = leaving.play("retire.yml", "--check")
    assert not others_changed(expected)
    for task, seconds in reversed(KILLED_AT) if soak else KILLED_AT[:1]:
        leaving.kill_run("retire.yml", task=task, delay=seconds)
    play = leaving.play("retire.yml")
    assert not others_changed(play), play.output
    assert "% moved" in play.output
    assert_forgotten(grown, "small4")
    assert not leaving.play("retire.yml").changed
    assert grown.active_since(STAYING) == before
    assert grown.ssh("small4", "ls /etc/ceph /var/lib/ceph/osd /var/lib/ceph/mon | grep -v : ; true").split() == [
        "rbdmap"
    ]

    # The lines are deleted: the others forget its name, and nothing restarts for it.
    without.play("site.yml")
    assert grown.active_since(STAYING) == before
    for host in STAYING:
        assert grown.try_ssh(host, "grep -r small4 /etc/ceph /etc/condor /etc/systemd").returncode == 1
    assert not without.play("site.yml").changed

    grown.wait_for_jobs(directory, 300)
    assert {job["ExitCode"] for job in grown.ads(f"condor_history {cluster}")} == {0}
    assert len(grown.ads(f"condor_history {cluster}")) == JOBS
    told = grown.ssh("small2", "condor_status -any -af MyType Machine Name").splitlines()
    # What says who had jobs there expires by itself.
    assert not [ad for ad in told if "small4" in ad and not ad.startswith("Submitter ")]


@pytest.mark.soak
def test_it_comes_back_dies_and_is_retired_from_the_survivors(
    grown: Pool, make: t.Callable[..., Pool], without: Lab
) -> None:
    grown.destroy("--limit", "small4")
    grown.create()
    play = grown.play("site.yml", "--limit", "small4")
    assert set(play.recap) == {"small4"}, play.output
    grown.wait_for_health("small1")
    assert grown.ceph("small2", "osd stat")["num_up_osds"] == 4
    before = grown.active_since(STAYING)

    grown.kill_hosts(["small4"])
    leaving = make("small4")
    assert "small4 does not answer" in refused(leaving)
    # As long as the cluster takes its OSDs for alive, they may be.
    grown.wait_until("down", "small2", "ceph osd stat | grep -q '3 up'")
    play = leaving.play("retire.yml", "-e", "retire_dead_hosts=true")
    assert not others_changed(play), play.output
    assert_forgotten(without, "small4")
    assert not leaving.play("retire.yml", "-e", "retire_dead_hosts=true").changed
    assert grown.active_since(STAYING) == before
    without.play("site.yml")
    # One metadata server is left, and Ceph would have another one stand by.
    without.play("verify.yml", "-e", '{"ceph_health_forgiven": ["MDS_INSUFFICIENT_STANDBY"]}')


def test_no_byte_was_lost(grown: Pool) -> None:
    grown.ssh("small3", "touch /root/stop; while ! [ -e /root/done ]; do sleep 0.2; done")
    assert grown.ssh("small3", "cat /root/writer.log") == ""
    sums = grown.ssh("small3", "cat /root/sums")
    assert len(sums.splitlines()) > 50
    grown.rewrite("small1", "/root/sums", sums.strip())
    grown.ssh("small1", "sha256sum --check --quiet /root/sums && sha256sum --check --quiet /root/large")
