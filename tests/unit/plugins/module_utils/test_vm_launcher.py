# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher as the one program that it is installed as."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.filter.vm_launcher import vm_launcher
from ansible_collections.sitewright.grid.plugins.module_utils._vm_assembly import assemble

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("launcher") / "grid-vm-run"
    path.write_text(vm_launcher("Managed by a test."))
    return path


def run(launcher: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # Isolated: neither the collection nor anything else is there to import.
    argv = [sys.executable, "-I", str(launcher), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=launcher.parent)


def test_it_needs_nothing_but_python(launcher: Path) -> None:
    done = run(launcher, "--help")
    assert done.returncode == 0, done.stderr
    assert "--image" in done.stdout
    assert re.search(r"^\s*(from|import) ansible", launcher.read_text(), re.MULTILINE) is None


def test_every_option_is_documented(launcher: Path) -> None:
    documented = (ROOT / "docs" / "virt.md").read_text()
    options = {word.strip("[],") for word in run(launcher, "--help").stdout.split() if word.strip("[").startswith("--")}
    assert {option for option in options - {"--help"} if f"`{option}" not in documented} == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "the following arguments are required: --image, SCRIPT"),
        (["--imag", "x", "y"], "the following arguments are required: --image"),
        (["--image", "x", "--disk-size", "1", "y"], "--disk-size 1: use 16 or more"),
        (["--image", "x", "--walltime", "x", "y"], "invalid int value"),
        (["--image", "x", "--token", "gone", "y"], "gone: No such file or directory"),
        (["--image", "x", "gone"], "gone: there is no such file to read"),
        (["--image", "x", "--domain", "gone", "y"], "gone: No such file"),
        (["--image", "x", "--domain", "text", "text"], "no well-formed XML"),
        (["--image", "x", "--input", "text", "text"], "two inputs have the name text"),
        (["--image", "x", "--output", "full", "text"], "it is there already, and not empty"),
        (["--image", "x", "--vcpus", "2", "text"], "--vcpus 2: the job has 1 CPUs"),
    ],
)
def test_what_is_refused_ends_with_121(launcher: Path, words: list[str], says: str) -> None:
    (launcher.parent / "text").write_text("#!/bin/sh\n")
    (launcher.parent / "full").mkdir(exist_ok=True)
    (launcher.parent / "full" / "file").touch()
    done = run(launcher, *words)
    assert (done.returncode, done.stdout) == (121, "")
    assert says in done.stderr


def test_kvm_without_a_probe_ends_with_122(launcher: Path) -> None:
    (launcher.parent / "text").write_text("#!/bin/sh\n")
    done = run(launcher, "--image", "x", "--accelerator", "kvm", "text")
    assert done.returncode == 122
    assert "KVM does not work here" in done.stderr


def test_files_with_the_same_names_are_not_put_together() -> None:
    with pytest.raises(ValueError, match="two of the files have f"):
        assemble(['"""One."""\ndef f() -> None: ...', '"""Two."""\ndef f() -> None: ...'], "f()", "")


def test_imports_stand_once() -> None:
    one = '"""One."""\nfrom __future__ import annotations\nimport os\nfrom a import b\nA = 1'
    two = '"""Two."""\nimport os\nfrom a import c\nfrom ansible_collections.sitewright.grid.x import A\nB = A'
    text = assemble([one, two], "f()", '"""All."""')
    assert text.count("import os") == 1
    assert "from a import b, c\n" in text
    assert "sitewright" not in text
    assert text.index("A = 1") < text.index("B = A")
