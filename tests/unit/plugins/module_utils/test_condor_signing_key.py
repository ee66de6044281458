# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_signing_key import (
    IDLE,
    RETURNING,
    SIZE,
    SUCCEEDING,
    Ages,
    new_key,
    next_step,
    stage_of,
)
from ansible_collections.sitewright.grid.plugins.modules import condor_signing_key

NOW = 1000.0
OLD_KEY, BEGUN, REPLACED, YOUNG_KEY = Ages(1.0, None), Ages(1.0, 900.0), Ages(950.0, 900.0), Ages(990.0, None)


@pytest.mark.parametrize(
    ("ages", "stage"),
    [
        (OLD_KEY, IDLE),
        (BEGUN, SUCCEEDING),
        (REPLACED, RETURNING),
        (Ages(None, None), IDLE),
        (Ages(None, 900.0), SUCCEEDING),
    ],
)
def test_stages(ages: Ages, stage: str) -> None:
    assert stage_of(ages) == stage


@pytest.mark.parametrize(
    ("ages", "wanted", "step"),
    [
        (OLD_KEY, SUCCEEDING, "make"),
        (YOUNG_KEY, SUCCEEDING, None),
        (BEGUN, SUCCEEDING, None),
        (REPLACED, SUCCEEDING, None),
        (BEGUN, RETURNING, "replace"),
        (OLD_KEY, RETURNING, None),
        (REPLACED, RETURNING, None),
        (REPLACED, IDLE, "remove"),
        (BEGUN, IDLE, None),
        (YOUNG_KEY, IDLE, None),
    ],
)
def test_a_step_is_taken_only_after_the_one_before(ages: Ages, wanted: str, step: str | None) -> None:
    assert next_step(ages, wanted, NOW, 100) == step


def test_a_key_has_no_byte_that_ends_it() -> None:
    """HTCondor combines what is stored with DE AD BE EF."""
    random = itertools.cycle([b"\xde", b"\xad", b"\x01", b"\xbe"])
    found = new_key(lambda size: next(random))
    assert len(found) == SIZE
    assert all(byte ^ 0xDEADBEEF.to_bytes(4, "big")[place % 4] for place, byte in enumerate(found))
    assert new_key() != new_key()


def test_the_steps_on_files(tmp_path: Path) -> None:
    key, successor = str(tmp_path / "POOL"), str(tmp_path / "next")
    Path(key).write_bytes(b"\xff the old one")
    os.utime(key, (1, 1))

    def ages() -> Ages:
        return Ages(condor_signing_key.written_at(key), condor_signing_key.written_at(successor))

    condor_signing_key.take("make", key, successor)
    assert stage_of(ages()) == SUCCEEDING
    assert Path(key).read_bytes() == b"\xff the old one"
    os.utime(successor, (2, 2))
    condor_signing_key.take("replace", key, successor)
    assert stage_of(ages()) == RETURNING
    assert len(Path(key).read_bytes()) == SIZE
    assert os.stat(key).st_mode & 0o777 == 0o600
    condor_signing_key.take("remove", key, successor)
    assert stage_of(ages()) == IDLE
