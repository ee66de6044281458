# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: the collection under its own name, and the choice between short and long forms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long forms of the lab's tests")


def pytest_configure(config: pytest.Config) -> None:
    # A checkout may lie anywhere; Python finds a collection only below ansible_collections/NAMESPACE/NAME.
    path = config.cache.mkdir("import") if config.cache else Path()
    link = path / "ansible_collections" / "sitewright" / "grid"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
    sys.path.insert(0, str(path))


@pytest.fixture(scope="session")
def soak(pytestconfig: pytest.Config) -> bool:
    """Tell whether the long forms of the lab's tests are wanted."""
    return bool(pytestconfig.getoption("--soak"))
