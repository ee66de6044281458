# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a whole: its tracked files, built, installed, and used from where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What the collection is proven on: the virtual environment that runs the tests, and that of the oldest ansible-core.
CURRENT = Path(sys.prefix)
OLDEST = ROOT / ".venv-2.19"


class Run(t.Protocol):
    def __call__(
        self, *argv: str | Path, cwd: Path = ..., environ: dict[str, str] | None = ..., timeout: int = ...
    ) -> str: ...


def run_in(environment: Path, home: Path) -> Run:
    """Return a function that runs a command of a virtual environment and returns what it printed.

    The command sees no ansible.cfg and no settings or collections of the user who runs the tests.
    """
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "PYTEST_"))
    }
    clean |= {"HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PATH": f"{environment / 'bin'}:{clean['PATH']}"}
    clean.setdefault("XDG_CONFIG_HOME", str(Path.home() / ".config"))  # pip's settings
    clean.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))

    def run(*argv: str | Path, cwd: Path = home, environ: dict[str, str] | None = None, timeout: int = 600) -> str:
        program, *arguments = map(str, argv)
        done = subprocess.run(
            [str(environment / "bin" / program), *arguments],
            cwd=cwd,
            env=clean | (environ or {}),
            timeout=timeout,
            text=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            words = f"{done.stdout}\n{done.stderr}".strip()
            pytest.fail(f"{program} ended with exit code {done.returncode}:\n{words}", pytrace=False)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command of the virtual environment that runs the tests."""
    return run_in(CURRENT, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session", params=[CURRENT, OLDEST], ids=["current", "oldest"])
def run_everywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command of each virtual environment in turn."""
    return run_in(request.param, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def run_on_oldest(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command of the virtual environment with the oldest supported ansible-core."""
    return run_in(OLDEST, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """The files in git, as they are in the working tree, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, text=True, capture_output=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="session")
def checkout(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tracked files where every tool expects a collection."""
    copy = tmp_path_factory.mktemp("checkout") / "ansible_collections" / "sitewright" / "grid"
    for name in tracked:
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    return copy


@pytest.fixture(scope="session")
def tarball(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection, built from the working tree."""
    output = tmp_path_factory.mktemp("build")
    run("ansible-galaxy", "collection", "build", ROOT, "--output-path", output)
    (built,) = output.glob("sitewright-grid-*.tar.gz")
    return built


@pytest.fixture(scope="session")
def installed(run: Run, tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of commands that see the installed collection and what it depends on, not the checkout."""
    path = tmp_path_factory.mktemp("collections")
    run("ansible-galaxy", "collection", "install", tarball, "--offline", "--no-deps", "--collections-path", path)
    return {"ANSIBLE_COLLECTIONS_PATH": str(path)}
