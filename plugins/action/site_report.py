# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on a site, shown and written on the controller. See plugins/modules/site_report.py."""

from __future__ import annotations

import json
import time
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.sitewright.grid.plugins.module_utils._cli import redact
from ansible_collections.sitewright.grid.plugins.module_utils._controller_file import write_text
from ansible_collections.sitewright.grid.plugins.module_utils._report import Report, build_report
from ansible_collections.sitewright.grid.plugins.module_utils._report_page import render_page
from ansible_collections.sitewright.grid.plugins.module_utils._report_text import render_text

FILES = Path(__file__).resolve().parents[2] / "playbooks" / "files"
HISTORY = "history.jsonl"


class ActionModule(ActionBase):
    """Make the report; no host is contacted, so no connection is needed."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show the report, and write its files unless in check mode."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        action: t.Any = self
        _options, given = action.validate_argument_spec(
            argument_spec={
                "site": {"type": "dict", "required": True},
                "answers": {"type": "dict", "required": True},
                "looks": {"type": "dict", "default": {}},
                "directory": {"type": "path"},
                "silent_after": {"type": "int", "default": 900},
                "expiry_days": {"type": "float", "default": 14.0},
            }
        )
        # Ansible's own types are left behind.
        options: dict[str, t.Any] = json.loads(json.dumps(given, default=str))
        directory = None if options["directory"] is None else Path(options["directory"])
        report = build_report(
            options["site"],
            options["answers"],
            options["looks"],
            int(time.time()),
            options["silent_after"],
            options["expiry_days"],
            read_history(directory),
        )
        for line in render_text(report):
            self._display.display(redact(line))
        if directory is not None and not self._task.check_mode:
            write_report(report, directory)
        return {
            **result,
            "changed": False,
            "needs_a_person": report.needs_a_person,
            "verdict": report.verdict,
            "findings": report.as_json()["findings"],
        }


def read_history(directory: Path | None) -> list[dict[str, t.Any]]:
    """Return the points of earlier reports; a line that was cut off is passed over."""
    path = None if directory is None else directory / HISTORY
    if path is None or not path.exists():
        return []
    points = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            point = json.loads(line)
        except ValueError:
            continue
        if isinstance(point, dict) and isinstance(point.get("time"), int):
            points.append(point)
    return points


def write_report(report: Report, directory: Path) -> None:
    """Write the files of a report, each in one step."""
    style, script = ((FILES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    files = {
        "report.json": json.dumps(report.as_json(), indent=1) + "\n",
        "report.html": render_page(report, style, script),
        HISTORY: "".join(f"{json.dumps(point)}\n" for point in report.history),
    }
    try:
        for name, text in files.items():
            write_text(directory / name, redact(text))
    except OSError as error:
        raise AnsibleError(f"The report cannot be written to {directory}: {error.strerror}") from error
