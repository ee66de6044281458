# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of old releases, which no host of today has: stand-ins that record how they were started, really run."""

from __future__ import annotations

import fcntl
import json
import os
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sitewright.grid.plugins.modules import ceph_keyring, mkcephfs

KEY = "AQBFZ2ZnAAAAABAAjBzGDLNBAQYgWQx5wOvTng=="

# The products are those of src/mkcephfs.in at Ceph 0.56: which file each phase writes last, and what it refuses.
MKCEPHFS = f"""#!/bin/sh
here=${{0%/*}}
printf '%s\\n' "$*" >> "$here/log"
[ -e "$here/broken" ] && {{ echo "it went wrong: {KEY}" >&2; exit 1; }}
dir=$4
case "$5 $6" in
    "--prepare-monmap ") echo map > "$dir/monmap"; cp "$2" "$dir/conf" ;;
    "--prepare-mon ")
        printf '[mon.]\\n\\tkey = {KEY}\\n[client.admin]\\n\\tkey = {KEY}\\n\\tauid = 0\\n' > "$dir/keyring.mon"
        for key in "$dir"/key.*; do
            [ -e "$key" ] && printf '[%s]\\n\\tkey = %s\\n' "${{key##*/key.}}" "$(cat "$key")" >> "$dir/keyring.mon"
        done
        exit 255 ;;
    "--init-daemon mon."*)
        mkdir -p "$here/mon"; [ -z "$(ls "$here/mon")" ] || exit 1; echo store > "$here/mon/store.db" ;;
    "--init-daemon "*) echo "{KEY}" > "$dir/key.$6"; exit 1 ;;
esac
exit 0
"""

CAUTHTOOL = f"""#!/bin/sh
printf '%s\\n' "$*" >> "${{0%/*}}/log"
for file; do :; done
printf '[%s]\\n\\tkey = {KEY}\\n' client.new > "$file"
"""


class Stand(t.NamedTuple):
    """A directory with the stand-in, its log and a ceph.conf, and a way to run a module there."""

    root: Path
    run: t.Callable[..., dict[str, t.Any]]

    @property
    def log(self) -> list[str]:
        log = self.root / "log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stand:
    for name, text in {"mkcephfs": MKCEPHFS, "cauthtool": CAUTHTOOL}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "ceph.conf").write_text(f"[mon]\nmon data = {tmp_path}/mon\n[mon.a]\nmon addr = 192.0.2.1:6789\n")

    def run(main: t.Callable[[], None], check: bool = False, **params: t.Any) -> dict[str, t.Any]:
        with patch_module_args({**params, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            main()
        output = capsys.readouterr().out
        assert KEY not in output
        return t.cast("dict[str, t.Any]", json.loads(output))

    return Stand(tmp_path, run)


def phase(stand: Stand, phase: str, name: str | None = None, check: bool = False) -> dict[str, t.Any]:
    return stand.run(
        mkcephfs.main,
        check=check,
        phase=phase,
        name=name,
        conf=f"{stand.root}/ceph.conf",
        dir=f"{stand.root}/stage",
        executable=f"{stand.root}/mkcephfs",
    )


@pytest.mark.parametrize(
    ("name", "daemon", "words"),
    [
        ("prepare_monmap", None, "--prepare-monmap"),
        ("prepare_mon", None, "--prepare-mon"),
        ("init_daemon", "osd.0", "--init-daemon osd.0"),
        ("init_daemon", "mds.a", "--init-daemon mds.a"),
        ("init_daemon", "mon.a", "--init-daemon mon.a"),
    ],
)
def test_each_phase_is_run_once(stand: Stand, name: str, daemon: str | None, words: str) -> None:
    argv = f"-c {stand.root}/ceph.conf -d {stand.root}/stage {words}"
    foreseen = phase(stand, name, daemon, check=True)
    assert foreseen["changed"]
    assert foreseen["commands"] == [f"{stand.root}/mkcephfs {argv}"]
    assert stand.log == []
    assert not (stand.root / "stage").exists()

    assert phase(stand, name, daemon)["changed"]
    assert stand.log == [argv]
    assert (stand.root / "stage").stat().st_mode & 0o777 == 0o700
    assert not phase(stand, name, daemon, check=True)["changed"]
    assert not phase(stand, name, daemon)["changed"]
    assert stand.log == [argv]


def test_a_key_that_came_later_is_taken_in(stand: Stand) -> None:
    phase(stand, "prepare_mon")
    phase(stand, "init_daemon", "osd.0")
    assert phase(stand, "prepare_mon")["changed"]
    assert not phase(stand, "prepare_mon")["changed"]


@pytest.mark.parametrize(
    ("name", "daemon"), [("prepare_monmap", None), ("prepare_mon", None), ("init_daemon", "osd.0")]
)
def test_an_exit_code_is_not_forgiven_without_the_product(stand: Stand, name: str, daemon: str | None) -> None:
    (stand.root / "broken").touch()
    result = phase(stand, name, daemon)
    assert result["failed"]
    assert f"ended with exit code 1 without having done {daemon or name}: it went wrong: <key>" in result["msg"]
    (stand.root / "broken").unlink()
    assert phase(stand, name, daemon)["changed"]


def test_a_monitor_that_was_cut_short_is_refused(stand: Stand) -> None:
    (stand.root / "mon").mkdir()
    (stand.root / "mon" / "store.db").touch()
    result = phase(stand, "init_daemon", "mon.a")
    assert result["failed"]
    assert "/mon holds 'store.db', and mkcephfs has not ended well for mon.a" in result["msg"]
    assert stand.log == []
    (stand.root / "mon" / "store.db").unlink()
    assert phase(stand, "init_daemon", "mon.a")["changed"]


def test_an_empty_key_file_is_no_finished_daemon(stand: Stand) -> None:
    (stand.root / "stage").mkdir()
    (stand.root / "stage" / "key.osd.0").touch()
    assert phase(stand, "init_daemon", "osd.0")["changed"]


def test_cauthtool_makes_a_key(stand: Stand) -> None:
    path = stand.root / "keyring"
    entities = [{"name": "client.admin", "caps": {"mon": "allow rwx"}}]
    executable = f"{stand.root}/cauthtool"
    for changed in (True, False):
        result = stand.run(ceph_keyring.main, path=str(path), entities=entities, executable=executable)
        assert result["changed"] is changed
    assert path.read_text() == f'[client.admin]\n\tkey = {KEY}\n\tcaps mon = "allow rwx"\n'
    assert len(stand.log) == 1
    assert stand.log[0].startswith("--create-keyring --gen-key -n client.new ")
    assert not Path(stand.log[0].split()[-1]).exists()


def test_a_run_waits_for_another_one(stand: Stand) -> None:
    staging = stand.root / "stage"
    staging.mkdir()
    descriptor = os.open(staging, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    params = {"phase": "prepare_monmap", "conf": f"{stand.root}/ceph.conf", "dir": str(staging), "timeout": 0}
    params["executable"] = f"{stand.root}/mkcephfs"
    assert "another run works in" in stand.run(mkcephfs.main, **params)["msg"]
    assert stand.run(mkcephfs.main, check=True, **params)["changed"]
    os.close(descriptor)
    params["timeout"] = 60
    assert stand.run(mkcephfs.main, **params)["changed"]
