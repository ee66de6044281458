# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - The C(ceph) command on the host (package C(ceph-common)).
options:
  conf:
    description:
      - Path of the C(ceph.conf) that names the monitors.
    type: path
    default: /etc/ceph/ceph.conf
  name:
    description:
      - The entity as which the commands are run.
    type: str
    default: client.admin
  keyring:
    description:
      - Path of the keyring that holds the key of O(name).
      - Without it C(ceph) looks in its usual places, for example C(/etc/ceph/ceph.client.admin.keyring).
    type: path
  connect_timeout:
    description:
      - How many seconds each command waits for a monitor to answer.
    type: int
    default: 30
"""
