# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"caf\xe9\n")
    text = read_text(str(path))
    assert text is not None
    write_private(str(path), text)
    assert path.read_bytes() == b"caf\xe9\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_file_has_no_text(tmp_path: Path) -> None:
    assert read_text(str(tmp_path / "missing")) is None


def test_the_old_file_stays_when_the_new_one_cannot_be_finished(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary: str) -> None:
        assert Path(temporary).read_text() == "new"
        assert Path(temporary).stat().st_mode & 0o777 == 0o600
        raise LookupError("no such user")

    with pytest.raises(LookupError):
        write_private(str(path), "new", prepare=fail)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "file.new").symlink_to(victim)
    write_private(str(tmp_path / "file"), "secret")
    assert victim.read_text() == "untouched"
    assert (tmp_path / "file").read_text() == "secret"
    assert not (tmp_path / "file").is_symlink()
