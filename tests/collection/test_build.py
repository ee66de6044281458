# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection, installed into an empty path and used from there by its full name."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import tarfile
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = sorted(path for path in ROOT.glob("inventories/*/") if path.is_dir())


def test_tarball_holds_what_git_holds(tarball: Path) -> None:
    """A virtual environment or the lab's state beside the sources would be shipped if build_ignore did not name it."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    known = set(subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, check=True).stdout.split("\0"))
    with tarfile.open(tarball) as archive:
        shipped = {member.name for member in archive if not member.isdir()}
    assert shipped - known == {"MANIFEST.json", "FILES.json"}
    assert {"README.md", "LICENSE", "meta/runtime.yml", "playbooks/site.yml"} <= shipped
    assert not fnmatch.filter(shipped, ".ci/*")


def playbooks() -> list[str]:
    return sorted(path.stem for path in ROOT.glob("playbooks/*.yml"))


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
def test_inventory_is_a_valid_site(
    inventory: Path, run_everywhere: t.Callable[..., str], installed: dict[str, str]
) -> None:
    output = run_everywhere("ansible-playbook", "sitewright.grid.validate", "-i", inventory, environ=installed)
    assert re.search(r" : ok=1 .* unreachable=0 +failed=0 ", output), output


@pytest.mark.parametrize("playbook", playbooks())
def test_playbook_is_found_by_its_full_name(
    playbook: str, run_everywhere: t.Callable[..., str], installed: dict[str, str]
) -> None:
    lab = ROOT / "inventories" / "lab"
    argv = ["ansible-playbook", f"sitewright.grid.{playbook}", "-i", lab, "--syntax-check"]
    assert f"playbook: {installed['ANSIBLE_COLLECTIONS_PATH']}/" in run_everywhere(*argv, environ=installed)


@pytest.mark.parametrize("page", ["README.md", "docs/first-site.md"])
def test_page_shows_a_valid_site(
    page: str, run: t.Callable[..., str], installed: dict[str, str], tmp_path: Path
) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / page).read_text(), re.M | re.S)
    (inventory,) = [block for block in blocks if "ceph_mons" in yaml.safe_load(block)]
    path = tmp_path / "hosts.yml"
    path.write_text(inventory)
    run("ansible-playbook", "sitewright.grid.validate", "-i", path, environ=installed)
