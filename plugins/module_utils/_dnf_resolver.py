# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: questions to the host's own package resolver, dnf or apt."""

from __future__ import annotations

import inspect
import json
import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils import _dnf_ask
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import render_file

DNF = "/usr/bin/dnf"
SYSTEM_PYTHON = "/usr/bin/python3"


def dnf_python(program: str) -> str:
    """Return the interpreter that dnf itself runs on, which has its bindings; on EL 8 it is not Ansible's."""
    try:
        with open(program, encoding="utf-8", errors="replace") as file:
            first = file.readline()
    except OSError:
        return SYSTEM_PYTHON
    words = first[2:].split() if first.startswith("#!") else []
    return words[0] if words and not words[0].endswith("/env") else SYSTEM_PYTHON


def ask_source(request: t.Mapping[str, t.Any]) -> str:
    """Return the program that asks dnf, with a request in it, in a form that Python 3.6 reads."""
    source = inspect.getsource(_dnf_ask).replace("from __future__ import annotations\n", "", 1)
    return source.replace('REQUEST = ""', f"REQUEST = {json.dumps(request)!r}", 1)


def ask_dnf(
    cli: Cli,
    request: t.Mapping[str, t.Any],
    files: t.Sequence[t.Sequence[t.Mapping[str, t.Any]]] = (),
    changes: bool = False,
) -> dict[str, t.Any]:
    """Ask dnf, as if these files of repositories were on the host, too; a failure ends the module.

    changes tells that the request changes the host.
    """
    source = ask_source({**request, "files": [render_file(repositories) for repositories in files]})
    done = (cli.run if changes else cli.read)([dnf_python(DNF), "-"], stdin=source)
    answer: dict[str, t.Any] = json.loads(done.stdout)
    if "error" in answer:
        cli.fail(f"dnf refuses: {answer['error']}")
    # What dnf has to say of the files, for example of an option that it does not know.
    answer["messages"] = [line for line in done.stderr.splitlines() if "nknown configuration option" in line]
    return answer


def parse_policy(text: str) -> dict[str, dict[str, t.Any]]:
    """Return what C(apt-cache policy) says of each package: where it would come from, and which candidates lose."""
    origins: dict[str, dict[str, t.Any]] = {}
    for block in re.split(r"\n(?=\S)", text):
        name, _colon, rest = block.partition(":\n")
        if not rest:
            continue
        installed = re.search(r"^  Installed: (\S+)", rest, re.M)
        candidate = re.search(r"^  Candidate: (\S+)", rest, re.M)
        chosen = candidate[1] if candidate and candidate[1] != "(none)" else None
        candidates: list[dict[str, t.Any]] = []
        table = rest[rest.index("  Version table:") :].splitlines()[1:] if "  Version table:" in rest else []
        version, version_priority = "", 0
        for line in table:
            head = re.fullmatch(r" (?:\*\*\*|   ) (\S+) (-?\d+)(?: .*)?", line)
            source = re.fullmatch(r"\s{6,}(-?\d+) (\S+) (\S+)(?: .*)?", line)
            if head:
                version, version_priority = head[1], int(head[2])
            elif source and not source[2].startswith("/var/lib/dpkg"):
                candidates.append(
                    {
                        "package": name,
                        "version": version,
                        "repository": f"{source[2]} {source[3]}",
                        "priority": version_priority,
                    }
                )
        best = max((one["priority"] for one in candidates), default=0)
        for one in candidates:
            one["lost"] = _why_apt(one, chosen, best)
        winner = next((one for one in candidates if one["lost"] is None), None)
        origins[name] = {
            "repository": winner and winner["repository"],
            "package": winner and name,
            "version": winner and chosen,
            "installed": [{"version": installed[1], "repository": None}]
            if installed and installed[1] != "(none)"
            else [],
            "candidates": candidates,
            "problem": None,
        }
    return origins


def _why_apt(one: t.Mapping[str, t.Any], chosen: str | None, best: int) -> str | None:
    if one["version"] == chosen:
        return None
    if one["priority"] < 0:
        return "excluded"
    return "priority" if one["priority"] < best else "version"


def ask_apt(cli: Cli, names: t.Sequence[str]) -> dict[str, dict[str, t.Any]]:
    """Ask apt where packages would come from; one that it does not know comes from nowhere."""
    found = parse_policy(cli.read(["apt-cache", "policy", *names]).stdout) if names else {}
    nowhere: dict[str, t.Any] = {
        "repository": None,
        "package": None,
        "version": None,
        "installed": [],
        "candidates": [],
        "problem": None,
    }
    return {name: found.get(name, nowhere) for name in names}
