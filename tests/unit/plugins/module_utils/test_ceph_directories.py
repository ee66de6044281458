# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories that users can write to."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_directories import (
    Directory,
    make_directory,
    parse_directory,
    plan_directories,
    read_state,
)

ME, MY_GROUP = os.getuid(), os.getgid()


def given(**options: t.Any) -> dict[str, t.Any]:
    return {"path": "/home/ann", "owner": "2001", "group": "root", "mode": "0700", **options}


def test_names_become_numbers() -> None:
    assert parse_directory(given()) == Directory("/home/ann", 2001, 0, 0o700)
    assert parse_directory(given(owner="root", mode="2770")) == Directory("/home/ann", 0, 0, 0o2770)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "home"}, "home is no absolute path"),
        ({"path": "/home/../etc"}, "/home/../etc is no absolute path in its shortest form"),
        ({"mode": "rwx"}, "the mode 'rwx' is none"),
        ({"owner": "no_such_account"}, "this host has no account 'no_such_account'"),
        ({"group": "no_such_group"}, "this host has no group 'no_such_group'"),
    ],
)
def test_what_is_wrong_is_told(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_directory(given(**options))


def test_a_directory_is_made_with_those_above_it(tmp_path: Path) -> None:
    wanted = Directory("/a/b/c", ME, MY_GROUP, 0o2750)
    assert read_state(str(tmp_path), wanted.path) is None
    make_directory(str(tmp_path), wanted)
    assert read_state(str(tmp_path), wanted.path) == wanted.state()
    make_directory(str(tmp_path), Directory("/a/b/c", ME, MY_GROUP, 0o700))
    assert (tmp_path / "a/b/c").stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("path", ["/link", "/link/c", "/file", "/file/c"])
def test_no_link_is_followed_and_no_file_taken_for_a_directory(tmp_path: Path, path: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").mkdir(mode=0o700)
    (tmp_path / "root/link").symlink_to(tmp_path / "secret")
    (tmp_path / "root/file").touch()
    root = str(tmp_path / "root")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        read_state(root, path)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        make_directory(root, Directory(path, ME, MY_GROUP, 0o777))
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o700
    assert not any((tmp_path / "secret").iterdir())


def test_only_what_differs_is_planned() -> None:
    same, other, new = (Directory(path, 1, 2, 0o755) for path in ("/a", "/b", "/c"))
    plan = plan_directories([same, other, new], {"/a": same.state(), "/b": {**other.state(), "uid": 5}, "/c": None})
    assert plan.before == {"/b": {"uid": 5, "gid": 2, "mode": "0755"}, "/c": None}
    assert plan.after == {"/b": other.state(), "/c": new.state()}
    assert not plan_directories([same], {"/a": same.state()}).changed
