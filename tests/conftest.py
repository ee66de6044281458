# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: the collection under its own name, and the choice between short and long forms."""

from __future__ import annotations

import platform
import sys
import typing as t
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Files of tests, by the beginnings of their paths, whose labs have hosts of the same names or addresses.
TOGETHER = (
    ("tests/lab/test_site",),
    ("tests/lab/test_retire", "tests/lab/test_stores"),
    ("tests/lab/test_keys", "tests/lab/test_slurm", "tests/lab/test_upgrade", "tests/lab/test_virt"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long forms of the lab's tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only the long form has."""
    if not config.getoption("--soak"):
        left_out = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: a test of the long form alone")
    # A checkout may lie anywhere; Python finds a collection only below ansible_collections/NAMESPACE/NAME.
    path = ROOT / ".cache" / "import"
    link = path / "ansible_collections" / "sitewright" / "grid"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("../../../..")
    sys.path.insert(0, str(path))


@pytest.hookimpl(optionalhook=True)  # it is not installed beside ansible-core 2.19
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> t.Any:
    """Have one process for files that share hosts, in their order; each other file is whole, too."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only here it is sure to be installed

    class ByLab(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return next((names[0] for names in TOGETHER if path.startswith(names)), path)

    return ByLab(config, log)


@pytest.fixture(scope="session")
def soak(pytestconfig: pytest.Config) -> bool:
    """Tell whether the long forms of the lab's tests are wanted."""
    return bool(pytestconfig.getoption("--soak"))


def pytest_report_header() -> str:
    core = metadata.version("ansible-core")
    python = platform.python_version()
    lacking = "" if sys.version_info >= (3, 12) else "; the current one needs Python 3.12 or newer, which is not here"
    return f"ansible-core {core} on Python {python}{lacking}"
