# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a module has decided to do, before it does it."""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._cli import redact


@dataclass
class Plan:
    """The present state, the wanted one, and the commands that lead from one to the other.

    before and after never hold a secret: they are shown as the diff. changed, diff and commands of a module's result
    all come from here, so that check mode cannot drift away from the real run.
    """

    before: dict[str, t.Any] = field(default_factory=dict)
    after: dict[str, t.Any] = field(default_factory=dict)
    commands: list[list[str]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Tell whether anything is to be done."""
        return bool(self.commands) or self.before != self.after

    def result(self) -> dict[str, t.Any]:
        """Return changed, diff and commands (quoted for pasting) for exit_json."""
        return {
            "changed": self.changed,
            "commands": [redact(shlex.join(argv)) for argv in self.commands],
            "diff": {"before": self.before, "after": self.after},
        }
