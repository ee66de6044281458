# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what the jobs of verify.yml prove of Slurm's nodes."""

from __future__ import annotations

import typing as t


def prove_nodes(
    results: t.Sequence[t.Mapping[str, t.Any]], site: t.Mapping[str, t.Any], drained: t.Collection[str]
) -> list[dict[str, str]]:
    """Return a note for each node, by what the job of each partition wrote there.

    Each of results has the partition as C(item.key), its nodes as C(item.value.nodes), and the command's outputs. Nodes
    that are drained take no jobs.
    """
    notes = []
    for name in site["slurm"]["nodes"]:
        host = site["hosts"][name]
        if host["retiring"]:
            continue
        node = host["short_name"]
        note = {"promise": "slurm_jobs", "host": name, "state": "ok", "words": ""}
        of_it = [result for result in results if node in result["item"]["value"]["nodes"]]
        if node in drained:
            note.update(state="skipped", words="it is drained, and takes no jobs")
        elif not of_it:
            note.update(state="failed", words="it is in no partition")
        for result in of_it if node not in drained else ():
            wanted = f"{node} nobody {result['item']['key']}"
            if wanted not in result.get("stdout_lines", ()):
                words = " ".join(str(result.get("stderr") or result.get("msg") or "").split())
                note.update(
                    state="failed", words=f"its job in {result['item']['key']} has not written '{wanted}'. {words}"
                )
        notes.append(note)
    return notes
