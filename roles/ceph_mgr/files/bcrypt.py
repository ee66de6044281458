# Ansible managed: role sitewright.grid.ceph_mgr
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for bcrypt on the path of the manager's modules.

Debian 13's bcrypt is built with PyO3, which cannot be loaded in more than one subinterpreter of a process. The manager
runs each module in one of its own, and a file that all of them share imports bcrypt, so most modules fail to load. They
need it only for the dashboard's and restful's passwords: hashing one is refused here, everything else works.
"""

from __future__ import annotations


def _refuse(*_unused: object) -> None:
    raise NotImplementedError("bcrypt cannot be loaded in ceph-mgr on Debian 13: passwords cannot be hashed or checked")


gensalt = hashpw = checkpw = kdf = _refuse
