#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_report
short_description: Show the site as it is, and write it as JSON and as a page
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Compares what the systems of a site answer, and a look at each of its hosts, with the inventory. It shows the report
    on the terminal, also in check mode.
  - With O(directory) it also writes C(report.json), C(report.html), which needs no other file and no network, and
    C(history.jsonl), to which each run adds a line of figures.
  - It runs on the controller and contacts no host. The playbook C(sitewright.grid.report) brings together what it
    needs.
extends_documentation_fragment:
  - sitewright.grid.attributes
attributes:
  check_mode:
    support: full
    details:
      - No file is written in check mode. Files are what it puts out, and not counted as a change.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each run is another report.
options:
  site:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  answers:
    description:
      - By source (C(condor), C(ceph)), the results of its module from each host that was asked. See
        P(sitewright.grid.site_survey#filter).
      - Of M(sitewright.grid.ceph_info), all subjects that C(playbooks/survey.yml) gathers are needed.
    type: dict
    required: true
  looks:
    description:
      - By host, the result of M(sitewright.grid.site_expiry_info), or its failure.
    type: dict
    default: {}
  directory:
    description:
      - The directory on the controller for the files. Without it none is written.
    type: path
  silent_after:
    description:
      - After how many seconds a host of which nothing is heard counts as silent.
    type: int
    default: 900
  expiry_days:
    description:
      - How many days before its end a token, certificate or revocation list needs a person. One that lives shortly
        needs one only in the last quarter of its life.
    type: float
    default: 14
seealso:
  - module: sitewright.grid.site_model
"""

EXAMPLES = r"""
- name: Report on the site
  sitewright.grid.site_report:
    site: "{{ grid.site }}"
    answers:
      condor: ["{{ pool }}"]
      ceph: ["{{ cluster }}"]
    directory: /var/www/html/site
  run_once: true
"""

RETURN = r"""
needs_a_person:
  description:
    - Whether something was found that does not mend itself.
  returned: success
  type: bool
  sample: true
verdict:
  description:
    - The same as a sentence.
  returned: success
  type: str
  sample: 1 thing needs a person.
findings:
  description:
    - What was found. Its C(level) is V(act) where it needs a person, else V(note).
  returned: success
  type: list
  elements: dict
  sample:
    - level: act
      subject: worker2
      what: "condor_executes: silent for 4.2 h"
      cure: run site.yml with --limit for it, or put it into retiring
"""
