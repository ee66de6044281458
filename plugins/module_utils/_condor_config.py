# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: HTCondor's configuration: a file of knobs, and what it would change for the daemons."""

from __future__ import annotations

import difflib
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._condor_knobs import (
    DAEMONS,
    REMOVED,
    RESTARTS,
    WITHOUT_DEFAULT,
)

# The file that the role condor writes.
PATH = "/etc/condor/config.d/50-sitewright.conf"
HEADER = "# Written by Ansible (sitewright.grid.condor_config): changes made here are lost."

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
_TEMPLATE = re.compile(r"[A-Za-z_]+:[^\s].*")
# The first line of a knob in C(condor_config_val -dump -verbose).
_DUMPED = re.compile(r"([A-Za-z_][\w.]*) = ?(.*)")
_REFERENCE = re.compile(r"\$\((?:DOLLAR\))?([A-Za-z_][\w.]*)")
# Knobs whose value is a list of the names of other knobs.
_LISTS_OF_NAMES = re.compile(r".*_(ATTRS|EXPRS|NAMES|JOBLIST)")
# What is different in every process, or in a configuration that is only tried.
_FLEETING = frozenset(("PID", "PPID", "LOCAL_CONFIG_DIR", "CONDOR_CONFIG"))
_SUBSYSTEM = re.compile(rf"({'|'.join(DAEMONS)})[._](.+)")
# Named after a daemon, but every daemon reads them.
_OF_ALL = frozenset(("COLLECTOR_HOST", "COLLECTOR_PORT"))
# Where a knob has its value that no file has set; one that a file sets to its default is among them.
_NO_FILES = ("<Default>", "<Detected>", "<Internal>")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY", re.IGNORECASE)


Version = tuple[int, ...]


@dataclass(frozen=True)
class Knob:
    """A knob as HTCondor sees it: its value with all macros expanded, and where it was set last."""

    value: str
    origin: str


Config = t.Mapping[str, Knob]


@dataclass
class ConfigPlan:
    """What a new configuration changes: effective values, by name, and which daemons have to be told how."""

    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)
    reconfig: list[str] = field(default_factory=list)
    restart: list[str] = field(default_factory=list)


def check_sections(sections: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return what is wrong with the sections of a file before HTCondor reads it, one sentence per fault."""
    faults = []
    for section in sections:
        faults += [
            f"'{template}' is no template: write it like ROLE:Execute or SECURITY:Strong."
            for template in section["use"]
            if not _TEMPLATE.fullmatch(template)
        ]
        for name, value in section["knobs"].items():
            if not _NAME.fullmatch(name):
                faults.append(f"'{name}' is no name of a knob: use letters, digits, underscores and dots.")
            elif isinstance(value, dict) or (isinstance(value, list) and not all(map(_is_scalar, value))):
                faults.append(
                    f"{name} is {type(value).__name__}: write a string, a number, a boolean or a list of them."
                )
            elif render_value(value).endswith("\\"):
                faults.append(f"{name} ends in a backslash, with which HTCondor takes the next line for a part of it.")
    return faults


def _is_scalar(value: t.Any) -> bool:
    return isinstance(value, (str, int, float))


def render_value(value: t.Any) -> str:
    """Return a knob's value as HTCondor writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(render_value(item) for item in value)
    return str(value).strip()


def render_sections(sections: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """Return the text of a configuration file: each section's title, its templates and its knobs, in this order."""
    blocks = [HEADER]
    for section in sections:
        lines = [f"# {section['title']}", *(f"use {template}" for template in section["use"])]
        for name, value in section["knobs"].items():
            text = render_value(value)
            if "\n" in text:
                lines += [f"{name} @=end", text, "@end"]
            else:
                lines.append(f"{name} = {text}".rstrip())
        if len(lines) > 1:
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def render_root(root: str, directories: t.Iterable[str]) -> str:
    """Return a root configuration that reads everything that root does, but these directories in place of its own."""
    return f"include : {root}\nLOCAL_CONFIG_DIR = {','.join(directories)}\n"


def parse_dump(text: str) -> dict[str, Knob]:
    """Return the knobs in C(condor_config_val -dump -verbose), by their names in capitals."""
    knobs: dict[str, Knob] = {}
    name, raw, origin, expanded = "", [""], "", None
    for line in text.splitlines():
        first = _DUMPED.fullmatch(line)
        if line.startswith(" # at: "):
            origin = line[len(" # at: ") :]
            knobs[name] = Knob("\n".join(raw), origin)
        elif line.startswith(" # expanded: ") and origin:
            expanded = line[len(" # expanded: ") :]
            knobs[name] = Knob(expanded.strip(), origin)
        elif line.startswith((" # ", "#")):
            continue
        elif first and (origin or not name):
            name, raw, origin = first[1].upper(), [first[2]], ""
        elif expanded is not None and origin:  # the rest of an expanded value of several lines
            knobs[name] = Knob(f"{knobs[name].value}\n{line}", origin)
        else:
            raw.append(line)
    return knobs


def parse_foreign(names: t.Iterable[str], ours: str, excluded: str) -> list[str]:
    """Return the names of a configuration directory's files that HTCondor reads, all but ours."""
    pattern = re.compile(excluded) if excluded else None
    return sorted(name for name in names if name != ours and not (pattern and pattern.search(name)))


def plan_config(before: Config, after: Config, given: t.Iterable[str] = ()) -> ConfigPlan:
    """Compare two configurations; the daemons are those that run by the one before.

    given are the knobs that the operator's file sets: those of them that keep their value are shown, too.
    """
    plan = ConfigPlan()
    changed = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if name in _FLEETING or (old and new and old.value == new.value) or (old is None and new is None):
            continue
        changed.append(name)
        for side, knob in ((plan.before, old), (plan.after, new)):
            side[name] = None if knob is None else _shown(name, knob.value)
    if not changed:
        return plan
    running = daemons_of(before)
    restart = {daemon for name in changed for daemon in restarts(name) if daemon in running}
    # The master takes all the others with it.
    plan.restart = ["MASTER"] if "MASTER" in restart else sorted(restart)
    concerned = {daemon for name in changed for daemon in _concerned(name, running)}
    plan.reconfig = [] if "MASTER" in restart else sorted(concerned - restart)
    return plan


def _shown(name: str, value: str) -> str:
    return "<not shown>" if SECRET_NAME.search(name) and "\n" not in value and _looks_secret(value) else value


def _looks_secret(value: str) -> bool:
    """Tell whether a value is more than a path, a number or a word: files and methods are no secrets."""
    return re.fullmatch(r"[A-Za-z0-9+=]{20,}(\.[\w-]+){0,2}", value) is not None


def daemons_of(config: Config) -> list[str]:
    """Return the daemons that a configuration runs."""
    listed = config["DAEMON_LIST"].value if "DAEMON_LIST" in config else ""
    return [name.upper() for name in re.split(r"[\s,]+", listed) if name]


def restarts(name: str) -> tuple[str, ...]:
    """Return the daemons for which a change of this knob takes effect only when they start."""
    plain = _SUBSYSTEM.fullmatch(name)
    for pattern, daemons in RESTARTS:
        if re.fullmatch(pattern, name):
            return daemons
        if plain and "." in name and re.fullmatch(pattern, plain[2]):
            return tuple(daemon for daemon in daemons if daemon == plain[1])
    return ()


def _concerned(name: str, running: t.Sequence[str]) -> t.Iterable[str]:
    """Return the running daemons that may read this knob: one that is named after a daemon is that daemon's."""
    plain = None if name in _OF_ALL else _SUBSYSTEM.fullmatch(name)
    # The master decides on every daemon, and a job's daemons are started by the startd and the schedd.
    return [plain[1]] if plain and plain[1] in running else running


def warn_removed(knobs: t.Iterable[str], version: str) -> list[str]:
    """Return a warning for each knob that this version of HTCondor has removed, with what to write instead."""
    warnings = []
    for name in knobs:
        gone = REMOVED.get(name.upper())
        if gone and (parse_version(version) or ()) >= (parse_version(gone.since) or ()):
            warnings.append(
                f"{name} was removed in HTCondor {gone.since}, this is {version}: it does nothing. {gone.instead}"
            )
    return warnings


def parse_version(text: str) -> Version | None:
    """Return the first version in a text such as C(23.9.6+dfsg-2.1), or None."""
    found = re.search(r"(?:^\d+:)?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in found[1].split(".")) if found else None


def warn_unknown(given: t.Mapping[str, t.Any], config: Config, defaults: Config, version: str) -> list[str]:
    """Return a warning for each knob that HTCondor does not know and nothing else refers to.

    given are the knobs of the file, config is the whole configuration with it, defaults the one without any file.
    """
    known = defaults.keys()
    used = {
        name.upper()
        for knob in (*given.values(), *(knob.value for knob in config.values()))
        for name in _REFERENCE.findall(render_value(knob) if not isinstance(knob, str) else knob)
    }
    listed = {
        word.upper()
        for name, knob in config.items()
        if _LISTS_OF_NAMES.fullmatch(name)
        for word in re.split(r"[\s,]+", knob.value)
    }
    warnings = []
    for spelling in given:
        name = spelling.upper()
        short = _SUBSYSTEM.fullmatch(name)
        names = ({name, name.partition(".")[2]} | ({short[2]} if short else set())) - {""}
        if names & (known | used | listed | REMOVED.keys()) or any(
            re.fullmatch(pattern, candidate) for candidate in names for pattern in WITHOUT_DEFAULT
        ):
            continue
        plain = [*known, *(pattern for pattern in WITHOUT_DEFAULT if _NAME.fullmatch(pattern))]
        near = difflib.get_close_matches(name, plain, n=1, cutoff=0.8)
        hint = f"is {near[0]} meant?" if near else "is it spelt right?"
        warnings.append(f"HTCondor {version} does not know {spelling}, and nothing refers to it: {hint}")
    return warnings


def warn_overridden(given: t.Iterable[str], config: Config, path: str) -> list[str]:
    """Return a warning for each knob of the file at path that another file sets again."""
    warnings = []
    for spelling in given:
        knob = config.get(spelling.upper())
        if knob and knob.origin not in _NO_FILES and not knob.origin.startswith(path):
            warnings.append(f"{spelling} is set again, by {knob.origin}: it is '{_shown(spelling, knob.value)}' there.")
    return warnings
