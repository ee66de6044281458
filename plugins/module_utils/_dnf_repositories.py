# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: files of repositories as dnf reads them, and what is to become of those of others."""

from __future__ import annotations

import configparser
import typing as t
from dataclasses import dataclass

HEADER = "# Written by the collection sitewright.grid, which writes it again: change the inventory instead.\n"
# dnf takes the first of several sections with one id, in the order of the files' names.
PREFIX = "00-sitewright-"
MOVED = ".sitewright-moved"

# The options of a section in the order in which they are written, by their names here. dnf knows all of them.
OPTIONS = {
    "name": "name",
    "baseurl": "baseurl",
    "mirrorlist": "mirrorlist",
    "metalink": "metalink",
    "enabled": "enabled",
    "priority": "priority",
    "gpgcheck": "gpgcheck",
    "gpgkey": "gpgkey",
    "exclude": "excludepkgs",
    "include": "includepkgs",
    "skip_if_unavailable": "skip_if_unavailable",
    "module_hotfixes": "module_hotfixes",
}


def _render(value: t.Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (list, tuple)):
        return " ".join(str(item) for item in value)
    return str(value)


def render_file(repositories: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """Return the text of a file with these repositories; an option that is empty is left out."""
    sections = []
    for repository in repositories:
        lines = [f"[{repository['id']}]"]
        for option, word in OPTIONS.items():
            value = repository.get(option)
            if value is not None and value != []:
                lines.append(f"{word}={_render(value)}")
        # What the host's own section has of its own, for example a certificate.
        lines += [f"{word}={value}" for word, value in (repository.get("verbatim") or {}).items()]
        sections.append("\n".join(lines) + "\n")
    return HEADER + "\n" + "\n".join(sections)


def parse_file(text: str) -> dict[str, dict[str, str]] | None:
    """Return the sections of a file with repositories, or None where it cannot be read."""
    parser = configparser.RawConfigParser(
        strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#", ";")
    )
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return {section: dict(parser.items(section)) for section in parser.sections() if section != "main"}


def is_enabled(section: t.Mapping[str, str]) -> bool:
    """Tell whether a section of a file is enabled; without a word it is."""
    return section.get("enabled", "1").strip().lower() in ("1", "true", "yes", "on")


@dataclass(frozen=True)
class Foreign:
    """What is to become of the files of others: the names of those to move away, and words about those left."""

    moved: list[str]
    warnings: list[str]


def plan_foreign(files: t.Mapping[str, str], ours: t.Collection[str]) -> Foreign:
    """Decide about the files of others, name to text: one that has a section of ours would disagree with us.

    A file is moved away as a whole, and only if nothing else in it is in use.
    """
    moved, warnings = [], []
    for name in sorted(files):
        sections = parse_file(files[name])
        if sections is None:
            warnings.append(f"{name} cannot be read as a file of repositories; dnf passes over it or over parts of it.")
            continue
        same = sorted(section for section in sections if section in ours)
        others = sorted(section for section in sections if section not in ours and is_enabled(sections[section]))
        if same and not others:
            moved.append(name)
        elif same:
            warnings.append(
                f"{name} has {', '.join(same)}, too, and is left for its {', '.join(others)}: dnf takes our one, "
                "and says so in each of its runs; take these sections out of that file."
            )
    return Foreign(moved, warnings)


def plan_enabled(
    files: t.Mapping[str, str], wanted: t.Sequence[t.Sequence[str]], changes: t.Mapping[str, t.Any]
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """Return enabled copies of the host's own repositories, and words about those that it has not.

    files are those of others. Each item of wanted has the names that one repository has on different systems. One that
    is enabled where it stands needs no copy. changes are options that the copies have in place of their own.
    """
    known = {id_: options for text in files.values() for id_, options in (parse_file(text) or {}).items()}
    copies: list[dict[str, t.Any]] = []
    lacking = []
    for names in wanted:
        present = [name for name in names if name in known]
        if not present:
            lacking.append(" or ".join(names))
            continue
        if any(is_enabled(known[name]) for name in present) and not changes:
            continue
        section = known[present[0]]
        verbatim = {
            word: value
            for word, value in section.items()
            if word not in ("name", "enabled") and not (changes and word in ("mirrorlist", "metalink", "baseurl"))
        }
        copies.append(
            {
                "id": f"sitewright-{present[0]}",
                "name": section.get("name", present[0]),
                "enabled": True,
                **changes,
                "verbatim": {word: " ".join(value.split()) for word, value in verbatim.items()},
            }
        )
    return copies, lacking
