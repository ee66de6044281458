# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_auth import (
    Known,
    cephfs_caps,
    plan_auth,
)

OPTIONS = {"state": "present", "caps": None, "cephfs": None, "key": None}


@pytest.mark.parametrize(
    ("accesses", "mds", "osd"),
    [
        ([("/", "rw")], "allow rw fsname=cephfs", "allow rw tag cephfs data=cephfs"),
        ([("/a", "r")], "allow r fsname=cephfs path=/a", "allow r tag cephfs data=cephfs"),
        (
            [("/", "r"), ("/pool", "rw")],
            "allow r fsname=cephfs, allow rw fsname=cephfs path=/pool",
            "allow rw tag cephfs data=cephfs",
        ),
        (
            [("/x", "rwps"), ("/y", "r")],
            "allow rwps fsname=cephfs path=/x, allow r fsname=cephfs path=/y",
            "allow rw tag cephfs data=cephfs",
        ),
    ],
)
def test_cephfs_caps_are_what_fs_authorize_made(accesses: list[tuple[str, str]], mds: str, osd: str) -> None:
    """The expected strings were made by C(ceph fs authorize) of Ceph 18.2.7."""
    caps = cephfs_caps([{"filesystem": "cephfs", "path": path, "access": access} for path, access in accesses])
    assert caps == {"mds": mds, "mon": "allow r fsname=cephfs", "osd": osd}


def test_cephfs_caps_of_two_filesystems() -> None:
    caps = cephfs_caps(
        [{"filesystem": "one", "path": "/", "access": "r"}, {"filesystem": "two", "path": "/", "access": "rw"}]
    )
    assert caps["mon"] == "allow r fsname=one, allow r fsname=two"
    assert caps["osd"] == "allow r tag cephfs data=one, allow rw tag cephfs data=two"


def test_a_new_key_and_new_caps_are_two_steps() -> None:
    """The import keeps the old caps: only C(auth caps) checks new ones before it takes them."""
    have = {"client.a": Known("old", {"mon": "allow r"})}
    entity = {**OPTIONS, "name": "client.a", "key": "new", "caps": {"mon": "allow *"}}
    plan = plan_auth(have, [entity], replace_keys=True)
    assert plan.imports == {"client.a": ("new", {"mon": "allow r"})}
    assert plan.words() == [["auth", "import", "-i", "-"], ["auth", "caps", "client.a", "mon", "allow *"]]
    assert plan.after == {"client.a": {"caps": {"mon": "allow *"}, "key": "the given one"}}


@pytest.mark.parametrize(("bare", "faults"), [(True, 0), (False, 1)])
def test_what_the_monitors_make_is_awaited_on_a_bare_host(bare: bool, faults: int) -> None:
    plan = plan_auth({}, [{**OPTIONS, "name": "client.bootstrap-osd"}], replace_keys=False, bare=bare)
    assert len(plan.faults) == faults
    assert plan.words() == []
