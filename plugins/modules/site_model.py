#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_model
short_description: Check the whole inventory and turn it into one model of the site
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Reads the groups and variables of the inventory, all hosts of it, also with C(--limit), and turns them into one
    model, from which the plays of the collection take the parameters of their roles.
  - An inventory that cannot work is refused with one message that lists all faults at once, each with its host,
    variable, value and cure. A value that looks like a key, or whose name says so, is never shown.
  - It runs on the controller and contacts no host. Only inventory variables and extra variables count; gathered facts
    and variables that plays set do not.
requirements:
  - The Python library C(netaddr) on the controller.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
notes:
  - The groups, the variables and the faults are listed in C(docs/inventory.md) of the collection.
"""

EXAMPLES = r"""
- name: Check the inventory
  hosts: all
  gather_facts: false
  tasks:
    - name: Build the site model
      sitewright.grid.site_model:
      run_once: true
"""

RETURN = r"""
site:
  description: The model.
  type: dict
  returned: success
"""
