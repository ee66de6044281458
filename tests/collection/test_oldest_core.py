# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests on the oldest supported ansible-core."""

from __future__ import annotations

import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_unit_tests_pass_on_the_oldest_core(run_on_oldest: t.Callable[..., str]) -> None:
    output = run_on_oldest("pytest", "-q", "-p", "no:cacheprovider", "tests/unit", cwd=ROOT)
    assert " passed" in output
