# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's images, made while the tests before the lab's run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
LAB = HERE.parents[1] / ".lab"
# Each process of pytest-xdist wants them: one makes them, the others wait for it.
MAKE = "flock --close .lab/images.lock sh -c 'molecule/preflight && molecule/namespace start && molecule/image/build'"
BUILD = pytest.StashKey["subprocess.Popen[bytes]"]()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(HERE in item.path.parents for item in session.items):
        return
    LAB.mkdir(exist_ok=True)
    with (LAB / "images.log").open("ab") as log:
        argv = ["bash", "-c", MAKE]
        session.config.stash[BUILD] = subprocess.Popen(
            argv, cwd=LAB.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )


@pytest.fixture(scope="session", autouse=True)
def images(pytestconfig: pytest.Config) -> None:
    """Wait for the images; every test in this directory begins with them."""
    if pytestconfig.stash[BUILD].wait() != 0:
        words = (LAB / "images.log").read_text(errors="replace")
        pytest.fail(f"the lab's images cannot be made:\n{words[-4000:]}", pytrace=False)
