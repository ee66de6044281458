# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._proofs import judge_worker_jobs

DOCUMENTATION = r"""
name: worker_job_proofs
short_description: Judge the jobs by which verify.yml proves the workers of OSG
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Tells of each worker whether its job has come back, and what it has found wrong there.
positional: _input, site, machines, draining
options:
  _input:
    description:
      - The lines of the jobs' output files, each of the form C(./MACHINE.out:KEY=VALUE), as C(grep) shows them.
      - The last one of a job is C(fault), which is empty where nothing is wrong.
    type: list
    elements: str
    required: true
  site:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  machines:
    description:
      - The machines for which there was a job, as HTCondor calls them.
    type: list
    elements: str
    required: true
  draining:
    description:
      - The machines that drain, for which there was none.
    type: list
    elements: str
    required: true
  reason:
    description:
      - Why a job has written nothing.
    type: str
    default: no job has come back from there
seealso:
  - module: sitewright.grid.site_proofs
"""

EXAMPLES = r"""
- name: Judge the jobs
  ansible.builtin.set_fact:
    notes: "{{ output.stdout_lines | sitewright.grid.worker_job_proofs(grid.site, ['worker1'], []) }}"
"""

RETURN = r"""
_value:
  description:
    - Notes for M(sitewright.grid.site_proofs).
  type: list
  elements: dict
  sample:
    - {promise: osg_jobs, host: worker1, state: failed, words: xrdcp does not run}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"worker_job_proofs": judge_worker_jobs}
