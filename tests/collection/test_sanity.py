# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, without the one download that is not a Python package."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

ROOT = Path(__file__).resolve().parents[2]
# ansible-test fetches get-pip.py to put pip into its environments and hands it these arguments. Python's own ensurepip
# does the same from packages alone.
GET_PIP = """\
import subprocess
import sys

arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True)
subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=True)
"""


def test_sanity(checkout: Path, run: t.Callable[..., str]) -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = ROOT / ".cache" / f"ansible-test-{python}"  # it stays: its environments take two minutes to make
    pip = get_venv_packages(SimpleNamespace(version=python))["pip"]
    script = home / ".ansible" / "test" / "cache" / f"get_pip_{pip.replace('.', '_')}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(GET_PIP)

    argv = ["ansible-test", "sanity", "--local", "--python", python, "--color", "no"]
    run(*argv, cwd=checkout, environ={"HOME": str(home)}, timeout=900)
