# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every linter, each as one test."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

LINTERS = {
    "ruff format": ["ruff", "format", "--check", "--diff", "--no-cache", "."],
    "ruff check": ["ruff", "check", "--no-cache", "."],
    "mypy": ["mypy"],
    "yamllint": ["yamllint", "--strict", "."],
    "ansible-lint": ["ansible-lint"],
    "antsibull-docs": ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "."],
    "antsibull-changelog": ["antsibull-changelog", "lint"],
}


@pytest.mark.parametrize("argv", LINTERS.values(), ids=LINTERS.keys())
def test_linter_is_content(argv: list[str], checkout: Path, run: t.Callable[..., str]) -> None:
    collections = checkout.parents[2]
    run(*argv, cwd=checkout, environ={"MYPYPATH": str(collections), "ANSIBLE_COLLECTIONS_PATH": str(collections)})
