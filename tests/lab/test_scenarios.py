# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small scenarios of Molecule: a host without packages and with a block device, and a site of other choices."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
import yaml
from lab import ROOT, Lab, molecule

MOUNT = "/srv/grid-data/alt-fs"
CHOICES = ROOT / "molecule" / "alternative" / "group_vars" / "all" / "site.yml"
FORGIVEN = yaml.safe_load(CHOICES.read_text())["ceph_health_forgiven"]


def test_a_bare_host_with_a_block_device() -> None:
    """Packages are installed, OSD and mount come back after a restart, and the loop device is freed."""
    molecule("test", "--scenario-name", "bare")
    files = subprocess.run(
        ["losetup", "--list", "--noheadings", "--output", "BACK-FILE"], check=True, capture_output=True, text=True
    )
    assert str(ROOT / ".lab") not in files.stdout


@pytest.fixture(scope="module")
def alternative() -> t.Iterator[Lab]:
    molecule("test", "--scenario-name", "alternative", "--destroy", "never")
    yield Lab(ROOT / "molecule" / "alternative" / "hosts.yml")
    molecule("destroy", "--scenario-name", "alternative")


def test_the_cluster_is_as_it_was_chosen(alternative: Lab) -> None:
    dump = alternative.ceph("alt1", "osd dump")
    assert dump["fsid"] == "6b1cf5a8-3e0b-4c43-9d4b-0f5f6c1e2a77"
    pools = {
        pool["pool_name"]: (pool["size"], pool["min_size"], pool["pg_num"], pool["pg_autoscale_mode"])
        for pool in dump["pools"]
    }
    assert pools["alt-fs_data"] == (1, 1, 16, "off")
    assert pools["alt-fs_metadata"] == (2, 1, 8, "off")
    addresses = [
        address["addr"]
        for daemon in [*alternative.ceph("alt1", "mon dump")["mons"], *dump["osds"]]
        for address in daemon["public_addrs"]["addrvec"]
    ]
    assert len(addresses) == 8
    assert all(address.startswith("[2001:db8:51::5") for address in addresses), addresses


def test_options_reach_the_daemons(alternative: Lab) -> None:
    [fast] = alternative.ceph("alt1", "osd crush class ls-osd fast")
    for daemon, option, value in (
        (f"osd.{fast}", "osd_deep_scrub_stride", "1048576"),
        (f"osd.{fast}", "osd_memory_target", "939524096"),
        ("mds.alt2", "mds_cache_memory_limit", "1073741824"),
        ("mon.alt1", "mon_max_pg_per_osd", "400"),
    ):
        assert alternative.ceph("alt1", f"tell {daemon} config get {option}") == {option: value}
    for other in {0, 1, 2} - {fast}:
        answer = alternative.ceph("alt1", f"tell osd.{other} config get osd_deep_scrub_stride")
        assert answer["osd_deep_scrub_stride"] != "1048576"


def test_nobody_has_a_key(alternative: Lab) -> None:
    for host in alternative.hosts():
        # An OSD's own store comes with one, which nobody asks for.
        assert alternative.ssh(host, "find /etc/ceph /var/lib/ceph -name '*keyring' ! -path '*/osd/*'") == ""


def test_symptoms_and_their_cures(alternative: Lab) -> None:
    """Those of docs/troubleshooting.md that need a running cluster."""

    def warned(code: str) -> str:
        return f"ceph health detail | grep -q {code}"

    alternative.ssh("alt1", "ceph mgr module enable restful --force")
    alternative.wait_until("warned of the module", "alt1", warned("MGR_MODULE_DEPENDENCY"), 60)
    alternative.ssh("alt1", "ceph mgr module disable restful")
    alternative.wait_until("rid of the warning", "alt1", f"! {warned('MGR_MODULE_DEPENDENCY')}", 60)

    alternative.ssh("alt2", "systemctl restart ceph-crash")
    alternative.wait_until("warned of crashes", "alt1", warned("RECENT_MGR_MODULE_CRASH"), 120)
    # They are reported one after the other.
    archive = f"ceph crash archive-all; sleep 5; ! {warned('RECENT_MGR_MODULE_CRASH')}"
    alternative.wait_until("rid of the warning", "alt1", archive, 120)

    alternative.ssh("alt1", "ceph osd set noout")
    alternative.wait_until("warned of the flag", "alt1", warned("OSDMAP_FLAGS"), 60)
    told = " ".join(alternative.play("verify.yml", rc=2).output.split())
    assert "OSDMAP_FLAGS" in told
    # One that is broken hides no other.
    assert "storage reads what every client wrote ok 2 of 2 hosts" in told
    alternative.play("verify.yml", "-e", json.dumps({"ceph_health_forgiven": [*FORGIVEN, "OSDMAP_FLAGS"]}))
    alternative.ssh("alt1", "ceph osd unset noout")

    failed = alternative.play("site.yml", "-e", "ceph_client_path=/missing", rc=2)
    assert f"cephfs.service does not mount {MOUNT}" in " ".join(failed.output.split())
    alternative.play("site.yml")
    assert not alternative.play("site.yml").changed


def test_clients_change_to_a_directory_for_reading_only(alternative: Lab) -> None:
    alternative.ssh("alt2", f"mkdir {MOUNT}/shared && echo kept > {MOUNT}/shared/file")
    choices = ("-e", "ceph_client_path=/shared", "-e", "ceph_client_access=r")
    assert set(alternative.play("site.yml", *choices).changed) == {"alt1", "alt2"}
    assert alternative.ssh("alt1", f"cat {MOUNT}/file") == "kept\n"
    told = " ".join(alternative.play("verify.yml", *choices).output.split())
    assert "storage cannot write ok 2 of 2 hosts" in told
    assert not alternative.play("site.yml", *choices).changed
