# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_daemon_absent import find_daemons, remove_tree


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A data directory that is a link to a disk of its own, which also has a link that leads out of it."""
    disk = tmp_path / "disk"
    (disk / "store.db").mkdir(parents=True)
    (disk / "keyring").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (disk / "block").symlink_to(tmp_path / "elsewhere")
    link = tmp_path / "ceph-a"
    link.symlink_to(disk)
    return link


def test_what_a_link_leads_to_is_emptied(linked: Path) -> None:
    conf = {"mon": {"mon_data": str(linked)}, "global": {"fsid": "f"}}
    assert [(daemon.directory, daemon.fsid) for daemon in find_daemons(["mon.a"], conf)] == [(str(linked), "f")]
    remove_tree(str(linked))
    assert linked.is_symlink()
    assert list(linked.iterdir()) == []
    assert (linked.parent / "elsewhere" / "file").exists()
    assert find_daemons(["mon.a"], conf) == []


def test_a_directory_goes_as_a_whole_and_links_in_it_are_not_followed(linked: Path) -> None:
    disk = linked.resolve()
    remove_tree(str(disk))
    assert not disk.exists()
    assert (linked.parent / "elsewhere" / "file").exists()


def test_no_conf_tells_no_cluster(tmp_path: Path) -> None:
    conf = {"mon": {"mon_data": str(tmp_path)}}
    assert [daemon.fsid for daemon in find_daemons(["mon.a"], conf)] == [None]
