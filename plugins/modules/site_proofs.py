#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_proofs
short_description: Show which promises of a site were proven
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Compares what the plays of C(verify.yml) have noted with what the site model promises, and shows one table. What was
    never tried, for example on a host that does not answer, was not proven.
  - With O(junit) it also writes the proofs in the form of JUnit.
  - It runs on the controller and contacts no host.
extends_documentation_fragment:
  - sitewright.grid.attributes
attributes:
  check_mode:
    support: none
    details:
      - There is no proof without use.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  site:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  notes:
    description:
      - By host, what was noted there, each with the key of its C(promise), a C(state) (V(ok), V(failed) or V(skipped)),
        and C(words) on what is wrong. A note may be on another C(host).
    type: dict
    required: true
  tried:
    description:
      - The hosts on which promises were to be proven.
    type: list
    elements: str
    required: true
  junit:
    description:
      - The file on the controller for the proofs in the form of JUnit. Without it none is written.
    type: path
seealso:
  - plugin: sitewright.grid.job_proofs
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what was proven
  sitewright.grid.site_proofs:
    site: "{{ grid.site }}"
    notes:
      head1: [{promise: pool, state: ok}]
    tried: "{{ ansible_play_hosts_all }}"
    junit: verify.xml
  run_once: true
"""

RETURN = r"""
proven:
  description:
    - Whether no promise is without its proof, but for those that were passed over with a reason.
  returned: success
  type: bool
  sample: false
verdict:
  description:
    - The same as a sentence.
  returned: success
  type: str
  sample: "1 of 9 promises were not proven: worker2."
proofs:
  description:
    - What came of each promise on each host.
  returned: success
  type: list
  elements: dict
  sample:
    - phase: batch
      promise: runs jobs and gives their output back
      host: worker2
      state: failed
      words: no job has come back from there
"""
