# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of a host's two devices leaves a small site at work: a good disk, then a file that is lost."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from lab import ROOT, Lab, edit_inventory
from test_retire import WRITER

INVENTORY = Path(__file__).parent / "inventories" / "stores"
DROP_IN = "/etc/systemd/system/ceph-osd@.service.d/sitewright.conf"
DISK = "/dev/sitewright"
FIRST, SECOND = "/var/lib/sitewright-lab/osd", "/var/lib/sitewright-lab/second"

Devices = t.Callable[..., Lab]


@pytest.fixture(scope="module")
def disk() -> t.Iterator[str]:
    """Give a loop device of this machine."""
    file = ROOT / ".lab" / "small1.disk"
    file.unlink(missing_ok=True)
    with file.open("wb") as stream:
        stream.truncate(6 << 30)
    argv = ["losetup", "--find", "--nooverlap", "--show", str(file)]
    path = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    yield path
    subprocess.run(["losetup", "--detach", path], check=True)
    file.unlink()


@pytest.fixture(scope="module")
def make(disk: str, tmp_path_factory: pytest.TempPathFactory) -> Devices:
    """Return what makes a site of two hosts, whose small1 has these devices; each may retire.

    weight_step is how many GiB of weight new OSDs get at a time.
    """

    def make(*paths: str, retiring: t.Collection[str] = (), weight_step: int | None = None) -> Lab:
        def edit(inventory: dict[str, t.Any]) -> None:
            if weight_step:
                inventory["all"]["vars"]["ceph_osd_weight_step"] = weight_step
            devices: list[dict[str, t.Any]] = [{"path": path, "retiring": path in retiring} for path in paths]
            for device in devices:
                if device["path"] != DISK:
                    device["size"] = "6G"
            inventory["ceph_mons"]["hosts"].pop("small3")
            inventory["ceph_mons"]["hosts"].pop("small2")
            inventory["ceph_osds"]["hosts"] = {
                "small1": {"ceph_osd_devices": devices, "lab_devices": [f"{disk}:{DISK}"]},
                "small2": {"ansible_host": "198.51.100.42"},
            }
            inventory["ceph_mdss"]["hosts"] = {"small2": None}
            inventory["ceph_clients"]["hosts"] = {"small2": None}

        return edit_inventory(INVENTORY, tmp_path_factory.mktemp("inventory"), edit)

    return make


@pytest.fixture(scope="module")
def site(make: Devices) -> t.Iterator[Lab]:
    """Give the site with both devices, and a writer at work on its file system."""
    site = make(FIRST, DISK)
    site.destroy()  # what an earlier run of the tests may have left is of another cluster
    site.create()
    site.play("site.yml")
    site.wait_for_health("small1")
    site.ssh("small2", f"cat > /root/writer.py <<'END'\n{WRITER}END")
    site.ssh("small2", "nohup python3 /root/writer.py > /root/writer.log 2>&1 &")
    yield site
    site.destroy()


def osds(lab: Lab) -> dict[int, str]:
    """Return the OSDs of the cluster, and the uuid of each."""
    return {osd["osd"]: osd["uuid"] for osd in lab.ceph("small1", "osd dump")["osds"]}


def number_of(lab: Lab, path: str) -> str:
    """Return the number of the OSD on a device of small1, by its data directory."""
    look = f"[ $(readlink $directory/block) = {path} ] && cat $directory/whoami"
    return lab.ssh("small1", f"for directory in /var/lib/ceph/osd/ceph-*; do {look}; done; true").strip()


def test_devices_that_pools_need_are_refused(site: Lab, make: Devices) -> None:
    before = osds(site), site.active_since(["small1", "small2"])
    play = make(FIRST, DISK, retiring=[FIRST, DISK]).play("retire.yml", rc=2)
    said = " ".join(play.output.split())
    assert "of small1 cannot be retired. Nothing was changed" in said
    assert "each on another host" in said
    assert "but 1 of these with OSDs would be left" in said
    assert not play.changed
    assert (osds(site), site.active_since(["small1", "small2"])) == before


def test_one_device_leaves_and_its_host_stays(site: Lab, make: Devices) -> None:
    before = osds(site)
    number = number_of(site, DISK)
    since = site.active_since(["small1", "small2"])
    leaving = make(FIRST, DISK, retiring=[DISK])
    assert not leaving.play("site.yml").changed
    leaving.play("retire.yml", "--check", "--diff")
    assert osds(site) == before
    assert site.active_since(["small1", "small2"]) == since

    leaving.kill_run("retire.yml", task="Tell the cluster that they are gone", delay=0.5)
    play = leaving.play("retire.yml")
    assert set(play.changed) <= {"small1"}
    assert int(number) not in osds(site)
    assert len(osds(site)) == 2
    site.ssh("small1", f"test ! -e /var/lib/ceph/osd/ceph-{number} && test -e {DROP_IN}")

    # The disk keeps its data. That it can be wiped is not shown here: lsblk finds nothing about it.
    kept = leaving.play("retire.yml")
    assert not kept.changed
    assert f"retire_wipe_devices=true before you delete their lines: {DISK}" in " ".join(kept.output.split())
    assert "ceph_bluestore" in site.ssh("small1", f"wipefs --no-act --json {DISK}")
    assert not make(FIRST).play("site.yml").changed
    gone = f"small1 ceph-osd@{number}.service"
    assert site.active_since(["small1", "small2"]) == {name: at for name, at in since.items() if name != gone}
    site.wait_for_health("small1")


@pytest.mark.soak
def test_a_new_device_gets_its_weight_step_by_step(site: Lab, make: Devices) -> None:
    def weights() -> dict[str, float]:
        nodes = site.ceph("small1", "osd tree")["nodes"]
        return {node["name"]: node["crush_weight"] for node in nodes if node["type"] == "osd"}

    before = weights()
    small = make(FIRST, weight_step=2)
    assert set(small.play("site.yml").changed) == {"small1"}  # later OSDs begin without weight
    growing = make(FIRST, SECOND, weight_step=2)
    growing.play("site.yml")
    assert not growing.play("site.yml").changed
    (new,) = set(weights()) - set(before)
    assert weights() == {**before, new: 0}
    growing.kill_run("weigh_osds.yml", task="Give the new OSDs more weight", delay=4)
    growing.play("weigh_osds.yml")
    assert weights() == {**before, new: before["osd.0"]}
    assert not growing.play("weigh_osds.yml").changed
    assert not growing.play("site.yml").changed
    site.wait_for_health("small1")

    # It leaves again, and the next one has its weight at once.
    make(FIRST, SECOND, retiring=[SECOND]).play("retire.yml")
    assert set(weights()) == set(before)
    make(FIRST).play("site.yml")
    assert "osd_crush_initial_weight" not in site.ssh("small1", "ceph config dump")


@pytest.mark.soak
def test_a_lost_device_leaves_by_its_data_directory(site: Lab, make: Devices) -> None:
    make(FIRST, SECOND).play("site.yml")
    site.wait_for_health("small1")
    number = number_of(site, SECOND)
    site.ssh("small1", f"systemctl kill --signal=KILL ceph-osd@{number}; systemctl stop ceph-osd@{number}; rm {SECOND}")
    site.wait_until("down", "small1", "ceph osd stat | grep -q '2 up'")
    leaving = make(FIRST, SECOND, retiring=[SECOND])
    leaving.play("retire.yml")
    assert not leaving.play("retire.yml").changed
    assert len(osds(site)) == 2
    assert int(number) not in osds(site)
    without = make(FIRST)
    assert not without.play("site.yml").changed
    site.wait_for_health("small1")


def test_no_byte_was_lost(site: Lab) -> None:
    site.ssh("small2", "touch /root/stop; while ! [ -e /root/done ]; do sleep 0.2; done")
    assert site.ssh("small2", "cat /root/writer.log") == ""
    assert len(site.ssh("small2", "cat /root/sums").splitlines()) > 50
    site.ssh("small2", "sha256sum --check --quiet /root/sums")
