# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_fuse_handover as handover

# What was put beneath has the higher number.
MOUNTS = r"""22 1 0:20 / / rw shared:1 - overlay overlay rw
30 31 0:45 / /big\040data rw shared:9 - fuse.ceph-fuse ceph-fuse rw
31 22 0:46 / /big\040data rw shared:9 - fuse.ceph-fuse ceph-fuse rw
32 30 0:48 / /big\040data rw shared:9 - fuse.ceph-fuse ceph-fuse rw
33 22 0:47 / /other rw - fuse.ceph-fuse ceph-fuse rw
"""


def test_mounts_at_a_path_from_the_lowest_up() -> None:
    mounts = handover.parse_mounts(MOUNTS)
    assert handover.devices_at(mounts, "/big data") == ["0:46", "0:45", "0:48"]
    assert handover.devices_at(mounts, "/other") == ["0:47"]
    assert handover.devices_at(mounts, "/big") == []


def test_a_process_whose_name_has_blanks_and_brackets() -> None:
    assert handover.parse_start("7 (a) (b c) S 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0") == 4711


def test_the_youngest_process_of_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PROC", str(tmp_path))
    now = time.time()
    ticks = int((time.clock_gettime(time.CLOCK_BOOTTIME) - 10) * 100)
    for pid, identity, start in ((1, "a", 5), (2, "a", ticks), (3, "b", ticks * 2)):
        directory = tmp_path / str(pid)
        directory.mkdir()
        (directory / "cmdline").write_text(f"/usr/bin/ceph-fuse\0--id\0{identity}\0/mnt\0")
        (directory / "stat").write_text(f"{pid} (ceph-fuse) S 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 {start} 0 0")
    (tmp_path / "4").mkdir()  # one that has ended
    assert handover.started_at("ceph-fuse", "a") == pytest.approx(now - 10, abs=2)
    assert handover.started_at("ceph-fuse", "c") == 0
