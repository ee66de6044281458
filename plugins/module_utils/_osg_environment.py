# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the environment of a worker node of OSG, for shells and for jobs of HTCondor."""

from __future__ import annotations

import re
import shlex
import typing as t

MANAGED = "# Written by sitewright.grid: changes here are lost."
# What OSG_GRID names, and where login shells look for what they have to read.
DIRECTORY = "/etc/osg/wn-client"
PROFILE = "/etc/profile.d"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Environment = t.Mapping[str, str]


def check_environment(environment: Environment) -> str | None:
    """Return what is wrong with the names and values of an environment, None where nothing is."""
    for name, value in environment.items():
        if NAME.fullmatch(name) is None:
            return f"{name!r} is no name of a variable: use letters, digits and underscores"
        if re.search(r"[\x00-\x1f\x7f]", value):
            return f"{name} has control characters in its value: use a value of one line"
    return None


def render_sh(environment: Environment) -> str:
    """Return the file that sets the environment in shells like sh."""
    return "".join(f"{line}\n" for line in [MANAGED, *(f"export {n}={shlex.quote(v)}" for n, v in environment.items())])


def render_csh(environment: Environment) -> str:
    """Return the file that sets the environment in shells like csh, which expand an exclamation mark everywhere."""
    lines = (f"setenv {name} {shlex.quote(value)}".replace("!", "\\!") for name, value in environment.items())
    return "".join(f"{line}\n" for line in [MANAGED, *lines])


def environment_files(
    environment: Environment, directory: str = DIRECTORY, profile: str = PROFILE, csh: bool = False
) -> dict[str, str]:
    """Return the files of a worker by path: setup.sh below directory, and what login shells read."""
    files = {
        f"{directory}/setup.sh": render_sh(environment),
        f"{profile}/osg-wn-client.sh": f"{MANAGED}\n. {directory}/setup.sh\n",
    }
    if csh:
        files[f"{directory}/setup.csh"] = render_csh(environment)
        files[f"{profile}/osg-wn-client.csh"] = f"{MANAGED}\nsource {directory}/setup.csh\n"
    return files


def all_files(directory: str = DIRECTORY, profile: str = PROFILE) -> list[str]:
    """Return the paths of all files that environment_files() may have made."""
    return list(environment_files({}, directory, profile, csh=True))


def render_job_environment(environment: Environment) -> str:
    """Return the value of HTCondor's STARTER_JOB_ENVIRONMENT: one string in double quotes, each quote in it doubled.

    HTCondor would expand macros in it, so a dollar sign is written as one.
    """
    words = (f"{name}={_quote(value)}" for name, value in environment.items())
    return '"' + " ".join(words).replace('"', '""').replace("$", "$(DOLLAR)") + '"'


def _quote(value: str) -> str:
    return value if re.fullmatch(r"[^\s']+", value) else "'" + value.replace("'", "''") + "'"
