# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was proven of a site, shown and written on the controller. See plugins/modules/site_proofs.py."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.sitewright.grid.plugins.module_utils._cli import redact
from ansible_collections.sitewright.grid.plugins.module_utils._controller_file import write_text
from ansible_collections.sitewright.grid.plugins.module_utils._proofs import FAILED, judge, render_junit, render_proofs


class ActionModule(ActionBase):
    """Judge the proofs; no host is contacted, so no connection is needed."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show the table, and write the file."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        action: t.Any = self
        _options, given = action.validate_argument_spec(
            argument_spec={
                "site": {"type": "dict", "required": True},
                "notes": {"type": "dict", "required": True},
                "tried": {"type": "list", "elements": "str", "required": True},
                "junit": {"type": "path"},
            }
        )
        # Ansible's own types are left behind.
        options: dict[str, t.Any] = json.loads(json.dumps(given, default=str))
        proofs = judge(options["site"], options["notes"], options["tried"])
        for line in render_proofs(options["site"], proofs):
            self._display.display(redact(line))
        if options["junit"] is not None:
            write_junit(Path(options["junit"]), redact(render_junit(options["site"], proofs)))
        failed = [proof for proof in proofs if proof.state == FAILED]
        hosts = ", ".join(dict.fromkeys(proof.host for proof in failed))
        return {
            **result,
            "changed": False,
            "proven": not failed,
            "verdict": f"{len(failed)} of {len(proofs)} promises were not proven: {hosts}."
            if failed
            else "All is proven.",
            "proofs": [
                {
                    "phase": proof.promise.phase,
                    "promise": proof.promise.words,
                    "host": proof.host,
                    "state": proof.state,
                    "words": redact(proof.words),
                }
                for proof in proofs
            ],
        }


def write_junit(path: Path, text: str) -> None:
    """Write the file, or end the task with the reason."""
    try:
        write_text(path, text)
    except OSError as error:
        raise AnsibleError(f"{path} cannot be written: {error.strerror}") from error
