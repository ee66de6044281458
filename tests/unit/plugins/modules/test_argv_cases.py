# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules tested as data: every C(<module>.yml) beside this file is a list of cases.

A case runs twice. In the normal run, the reads and then the writes have to be started in exactly this order. In check
mode, the same result has to come from the reads alone, and no file may change.

=========  ============================================================================================
key        meaning
=========  ============================================================================================
id         what the case shows
params     the module's parameters
files      files that exist before: path to content; a path that ends in / is a directory
links      symbolic links that exist before: path to target
missing    programs that the host lacks; all others are there
reads      commands that change nothing: argv, and optionally stdin (expected), rc, out, err
writes     commands that change something: the same keys, and creates (files that the command makes)
result     part of the expected result; nested dictionaries are compared key by key
failed     in place of result: a regular expression that the error message has to match
after      files after the normal run: path to content, or null for a file that must not be there
check      keys that are different in check mode (for example reads that follow a write)
patch      constants of the plugins that are other here: C(modules.x.NAME) or C(module_utils.x.NAME) to value
answers    what daemons answer on their admin sockets: C(TYPE.ID request ...) to the answer, the list of answers in
           their order (the last one stays), or null for none
returns_keys  true where the module is asked to return keys (they are masked by no_log in playbooks)
=========  ============================================================================================

C({tmp}) in any string stands for the case's own temporary directory, C({user}) for the user who runs the tests.
"""

from __future__ import annotations

import getpass
import importlib
import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_socket, _cli

HERE = Path(__file__).parent
Case = dict[str, t.Any]
# What a real key looks like; the keys of a case have to look so too, so that a leak is found.
SECRET_SAMPLE = re.compile(r"AQ[A-Za-z0-9+/]{36}==|Ag[A-Za-z0-9+/]{57}=")


def load_cases() -> list[t.Any]:
    cases = []
    for path in sorted(HERE.glob("*.yml")):
        for case in yaml.safe_load(path.read_text()):
            for check in (False, True):
                mode = "check" if check else "run"
                cases.append(pytest.param(path.stem, case, check, id=f"{path.stem}: {case['id']} ({mode})"))
    return cases


def expand(value: t.Any, tmp: str) -> t.Any:
    """Put the temporary directory in place of {tmp}, at any depth."""
    if isinstance(value, str):
        return value.replace("{tmp}", tmp).replace("{user}", getpass.getuser())
    if isinstance(value, list):
        return [expand(item, tmp) for item in value]
    if isinstance(value, dict):
        return {expand(key, tmp): expand(item, tmp) for key, item in value.items()}
    return value


def write_files(files: dict[str, str]) -> None:
    for path, content in files.items():
        if path.endswith("/"):
            Path(path).mkdir(parents=True, exist_ok=True)
            continue
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(content)
        Path(path).chmod(0o600)


def snapshot(root: Path) -> dict[str, t.Any]:
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in sorted(root.rglob("*"))
    }


def replace_daemons(monkeypatch: pytest.MonkeyPatch, answers: dict[str, t.Any]) -> None:
    """Let these answers come from the admin sockets."""
    pending = {question: list(ones) if isinstance(ones, list) else [ones] for question, ones in answers.items()}

    def ask(path: str, prefix: str, **arguments: str) -> t.Any:
        question = " ".join([Path(path).stem[len("ceph-") :], prefix, *arguments.values()])
        ones = pending.get(question, [None])
        answer = ones.pop(0) if len(ones) > 1 else ones[0]
        if answer is None:
            raise _ceph_socket.NoAnswerError(f"{path}: no answer to '{question}'")
        return answer

    monkeypatch.setattr(_ceph_socket, "ask", ask)


def assert_contains(have: t.Any, want: t.Any, where: str) -> None:
    """Compare nested dictionaries key by key, everything else whole."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key, value in want.items():
            assert key in have, f"{where}.{key} is missing from {have}"
            assert_contains(have[key], value, f"{where}.{key}")
    else:
        assert have == want, where


@pytest.mark.parametrize(("module", "case", "check"), load_cases())
def test_argv_case(
    module: str,
    case: Case,
    check: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = expand({**case, **(case.get("check", {}) if check else {})}, str(tmp_path))
    write_files(case.get("files", {}))
    for path, target in case.get("links", {}).items():
        Path(path).symlink_to(target)
    before = snapshot(tmp_path)
    pending = list(case.get("reads", [])) + ([] if check else list(case.get("writes", [])))

    def execute(
        self: _cli.Cli, argv: list[str], stdin: str | None = None, timeout: int | None = None
    ) -> _cli.Completed:
        assert pending, f"an unexpected command: {argv}"
        expected = pending.pop(0)
        assert argv == expected["argv"]
        if "stdin" in expected:
            assert stdin == expected["stdin"]
        write_files(expected.get("creates", {}))
        return _cli.Completed(expected.get("rc", 0), expected.get("out", ""), expected.get("err", ""))

    monkeypatch.setattr(_cli.Cli, "_execute", execute)

    replace_daemons(monkeypatch, case.get("answers", {}))
    for target, value in case.get("patch", {}).items():
        monkeypatch.setattr(f"ansible_collections.sitewright.grid.plugins.{target}", value)
    monkeypatch.setattr(_cli.Cli, "has", lambda self, program: program not in case.get("missing", []))

    main = importlib.import_module(f"ansible_collections.sitewright.grid.plugins.modules.{module}").main
    with patch_module_args({**case["params"], "_ansible_check_mode": check}), pytest.raises(SystemExit):
        main()
    output = capsys.readouterr().out
    result = json.loads(output)

    if case.get("failed"):
        assert result.get("failed"), result
        assert re.search(case["failed"], result["msg"]), result["msg"]
    else:
        assert not result.get("failed"), result
        assert_contains(result, case["result"], "result")
    assert not pending, "commands that were expected but not run"
    if check:
        assert snapshot(tmp_path) == before, "check mode has changed a file"
    else:
        for path, content in case.get("after", {}).items():
            if content is None:
                assert not Path(path).exists(), path
            else:
                assert Path(path).read_text() == content
    if not case.get("returns_keys"):
        assert not SECRET_SAMPLE.search(output), "a key is in the result"
