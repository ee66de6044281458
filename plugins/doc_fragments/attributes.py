# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in C(check_mode) and return what it would change, without changing anything.
  diff_mode:
    description:
      - Returns what has changed, or would change in C(check_mode), when run with C(--diff).
  idempotent:
    description:
      - When run again with the same options and no outside change, it changes nothing.
  platform:
    description:
      - The platforms that the module runs on.
    support: full
    platforms: linux
"""

    # What a module says that does all of it, in full.
    FULL = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    # What a module says that only reads.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing in any mode.
  diff_mode:
    support: N/A
    details:
      - It changes nothing, so there is nothing to show.
  idempotent:
    support: full
    details:
      - It changes nothing in any mode.
"""
