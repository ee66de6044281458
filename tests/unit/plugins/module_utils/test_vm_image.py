# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of guests: fetched whole or not at all, and refused where others stand behind them."""

from __future__ import annotations

import hashlib
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._vm_image import (
    ImageError,
    check_image,
    check_name,
    explain_check,
    fetch_image,
    is_sealed,
    parse_checksum,
    render_seal,
    seal_path,
    verify_file,
)

CONTENT = b"image" * 1000
SUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
OTHER = f"sha512:{'0' * 128}"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize(
    "text", ["", "sha256", "sha256:12", "md5:" + "0" * 32, "sha512:" + "0" * 64, "sha256:" + "g" * 64]
)
def test_other_checksums_are_refused(text: str) -> None:
    with pytest.raises(ImageError, match="is no checksum"):
        parse_checksum(text)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "a b", "-x"])
def test_names_that_are_paths_or_options_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match="is no name for an image"):
        check_name(name)


def test_an_image_is_fetched(image: Path, tmp_path: Path) -> None:
    fetch_image(image.as_uri(), SUM, str(tmp_path / "new"))
    assert (tmp_path / "new").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("url", "checksum", "says"),
    [
        ("{uri}", OTHER, "has the checksum sha512:"),
        ("{uri}.gone", SUM, "cannot be fetched: .*No such file"),
        ("ftp://192.0.2.1/x", SUM, "write https://"),
        ("http://127.0.0.1:1/x", SUM, "cannot be fetched: .*refused"),
    ],
)
def test_a_broken_fetch_leaves_nothing(image: Path, tmp_path: Path, url: str, checksum: str, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        fetch_image(url.replace("{uri}", image.as_uri()), checksum, str(tmp_path / "new"))
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_files_are_compared(image: Path) -> None:
    verify_file(str(image), SUM)
    with pytest.raises(ImageError, match="has the checksum"):
        verify_file(str(image), OTHER)


def test_a_seal_holds_until_the_image_is_written_to(image: Path) -> None:
    path = str(image)
    assert not is_sealed(path, SUM)
    Path(seal_path(path)).write_text(render_seal(path, SUM))
    assert is_sealed(path, SUM)
    assert not is_sealed(path, OTHER)
    image.write_bytes(CONTENT)
    assert not is_sealed(path, SUM)


@pytest.mark.parametrize(
    ("info", "size", "says"),
    [
        ({"format": "vmdk"}, 512, "has the format vmdk"),
        ({"format": "qcow2", "backing-filename": "/etc/shadow"}, 512, "is an overlay of /etc/shadow"),
        ({"format": "qcow2", "format-specific": {"data": {"data-file": "/etc/shadow"}}}, 512, "data in another file"),
        ({"format": "qcow2", "format-specific": {"data": {"corrupt": True}}}, 512, "marked as corrupt"),
        ({"format": "qcow2", "encrypted": True}, 512, "is encrypted"),
        ({"format": "raw"}, 1000, "no whole number of sectors: is it truncated"),
        ({"format": "raw"}, 0, "no whole number of sectors"),
    ],
)
def test_images_that_are_refused(info: dict[str, t.Any], size: int, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        check_image("x", json.dumps(info), size)


@pytest.mark.parametrize("kind", ["raw", "qcow2"])
def test_images_that_will_do(kind: str) -> None:
    assert check_image("x", json.dumps({"format": kind}), 1024) == kind


def test_a_truncated_image_is_found_by_its_check() -> None:
    assert explain_check("x", 0, "") is None
    assert explain_check("x", 3, "leaks") is None
    assert (
        explain_check("x", 2, "ERROR: counting\n reference") == "x is damaged or truncated: ERROR: counting reference"
    )
