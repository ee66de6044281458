# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what the resolver's answers mean for a site."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import enumerate_names

Origins = t.Mapping[str, t.Mapping[str, t.Any]]


def find_unexpected(origins: Origins, expected: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """Return the packages that come, or that have come, from elsewhere than they should."""

    def is_of(repository: str | None, wanted: str) -> bool:
        # apt knows an archive and its part, of which a part is enough: "http://... trixie/main".
        return repository == wanted or (repository is not None and " " in repository and wanted in repository)

    found = []
    for package, wanted in sorted(expected.items()):
        origin = origins[package]
        if not is_of(origin["repository"], wanted):
            found.append({"package": package, "expected": wanted, "found": origin["repository"], "installed": False})
        for one in origin["installed"]:
            if one["repository"] is not None and not is_of(one["repository"], wanted):
                found.append({"package": package, "expected": wanted, "found": one["repository"], "installed": True})
    return found


def describe_unexpected(unexpected: t.Sequence[t.Mapping[str, t.Any]], origins: Origins) -> list[str]:
    """Return a sentence for each package that is not from where it is expected, with the reason."""
    sentences = []
    for one in unexpected:
        package, expected, found = one["package"], one["expected"], one["found"]
        if one["installed"]:
            sentences.append(f"{package} is installed from {found}, and expected from {expected}.")
            continue
        losing = [other for other in origins[package]["candidates"] if other["repository"] == expected]
        why = f"there it has lost by: {losing[-1]['lost']}" if losing else f"{expected} has none"
        sentences.append(f"{package} would come from {found or 'nowhere'}, and is expected from {expected}; {why}.")
    return sentences


def judge_repositories(
    answer: t.Mapping[str, t.Any], ours: t.Collection[str], accepted: t.Collection[str] = ()
) -> dict[str, list[str]]:
    """Return what is to be refused of a configuration, and what is to be warned of, in sentences with a cure.

    answer is that of the module package_origin_info with guard. ours are the ids that the configuration defines, and
    accepted those of others that may outrank them.
    """
    refused = [
        f"The repository {id_} does not answer: {answer['repositories'][id_]['error']} Mend it, or set "
        "skip_if_unavailable for it, with which dnf goes on without."
        for id_ in answer["down"]
    ]
    warned = [
        f"The repository {id_} does not answer and is passed over: {repository['error']}"
        for id_, repository in sorted(answer["repositories"].items())
        if repository["error"] and not repository["required"]
    ]
    refused += [_hidden(one) for one in answer["hidden"]]
    transaction = answer["transaction"]
    if transaction and not transaction["possible"] and not refused:
        refused.append("The packages cannot be installed: " + " ".join(transaction["problems"]))
    refused += describe_unexpected(answer["unexpected"], answer["origins"])
    for guarded, others in sorted(answer["outranked"].items()):
        for other, names in sorted(others.items()):
            if other not in ours and other not in accepted:
                rank = answer["repositories"][other]
                refused.append(
                    f"{other} (priority {rank['priority']}, {rank['file']}) outranks {guarded} (priority "
                    f"{answer['repositories'][guarded]['priority']}) for {enumerate_names(names)}: disable it, let it "
                    "exclude them, or name it in osg_extra_repositories if it is meant to."
                )
    for one in answer["excludes"]:
        what = f"The exclude {one['pattern']} of {one['repository']}"
        if not one["hides"]:
            warned.append(f"{what} matches nothing there: correct it, or take it out.")
        elif one["leaves"]:
            warned.append(
                f"{what} leaves {enumerate_names(one['leaves'])}, of the same sources as "
                f"{enumerate_names(one['hides'])}: packages of two builds may be mixed; exclude them "
                "all, for example with a pattern."
            )
    warned += [f"dnf: {message}" for message in answer["messages"]]
    return {"refused": refused, "warned": warned}


def _hidden(one: t.Mapping[str, t.Any]) -> str:
    needed = f"which {enumerate_names(one['needed_by'])} needs" if one["needed_by"] else "which is to be installed"
    return (
        f"{one['package']}, {needed}, is hidden by an exclude of {one['repository']}, and nowhere else: take it out of "
        "osg_exclude, epel_exclude or the exclude of the repository."
    )
