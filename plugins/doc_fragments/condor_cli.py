# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - The commands of HTCondor on the host (package C(condor)).
options:
  pool:
    description:
      - Address of the pool's collector. Without it, the one that the host's configuration names.
    type: str
  command_timeout:
    description:
      - How many seconds each command may take.
    type: int
    default: 60
"""
