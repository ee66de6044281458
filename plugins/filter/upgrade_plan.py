# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.sitewright.grid.plugins.module_utils._upgrade_plan import parse_restart, plan_upgrade

DOCUMENTATION = r"""
name: upgrade_plan
short_description: Plan the rolling upgrade of a site
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Tells from the versions that are installed, available and running what is to be done on which host, in the order
    that the releases of Ceph and HTCondor document, and which of it they forbid.
positional: _input, found
options:
  _input:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  found:
    description:
      - Each host of the run, and what M(sitewright.grid.upgrade_info) has returned of it.
    type: dict
    required: true
  filesystems:
    description:
      - The cluster's file systems, as M(sitewright.grid.ceph_info) returns them (its subject V(fs)).
    type: dict
  restart:
    description:
      - Restart all daemons, also those that run what is installed. V(true) means all that have been started before now,
        a moment (ISO 8601, or seconds since 1970) those that have been started before it.
    type: raw
    default: false
  remount:
    description:
      - Whether a file system that is mounted with C(ceph-fuse) is mounted anew after an upgrade.
    type: bool
    default: false
seealso:
  - module: sitewright.grid.upgrade_info
"""

EXAMPLES = r"""
- name: Plan the upgrade
  ansible.builtin.set_fact:
    upgrade_plan: "{{ grid.site | sitewright.grid.upgrade_plan({inventory_hostname: found}) }}"
"""

RETURN = r"""
_value:
  description:
    - C(table) has the lines of the steps as a table, C(steps) the steps in their order, and C(hosts) each host's steps
      and packages.
    - C(faults) are the reasons why it must not be done, each with its cure, and C(notes) what else there is to know.
    - C(restart_before) is the moment before which daemons have to have been started to be restarted, V(null) for none.
  type: dict
  sample:
    table:
      - step      host    runs    installed  available  what is done
      - ceph mon  store1  18.2.7  18.2.7-1   18.2.8-1   packages, restart
    steps:
      - {product: ceph, daemon: mon, host: store1, deeds: [packages, restart]}
    hosts:
      store1: {steps: {ceph mon: [packages, restart]}, packages: {ceph: [ceph-common, ceph-mon]}, pool_name: null}
    faults: []
    notes: []
    restart_before: null
"""


def upgrade_plan(
    site: t.Mapping[str, t.Any],
    found: t.Mapping[str, t.Any],
    filesystems: t.Mapping[str, t.Any] | None = None,
    restart: bool | float | str | None = False,
    remount: bool = False,
) -> dict[str, t.Any]:
    """Return the plan as a dictionary; a moment that cannot be read is an error of the task."""
    try:
        before = parse_restart(restart, time.time())
    except ValueError as error:
        raise AnsibleFilterError(
            f"upgrade_restart is '{restart}', which is no moment: write true, or for example 2026-11-27T22:00:00."
        ) from error
    return plan_upgrade(site, found, filesystems, before, remount).result(found)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"upgrade_plan": upgrade_plan}
