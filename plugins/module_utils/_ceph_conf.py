# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a ceph.conf says, and what each daemon makes of it.

The rules were compared with C(ceph-conf) of Ceph 18.2.7. Where that one is stricter than its ancestors (an indented
section header, a last line without its newline), this parser is as lenient as they were.
"""

from __future__ import annotations

import re
import typing as t

Conf = dict[str, dict[str, str]]

# \# and \; begin no comment, and quotes do not hide one. A single backslash at the end continues the line.
_COMMENT = re.compile(r"^((?:\\.|[^\\#;])*)[#;].*$")
_CONTINUED = re.compile(r"(?<!\\)(?:\\\\)*\\$")
_SECTION = re.compile(r"\[([^\]]+)\]")
_QUOTED = re.compile(r""""((?:\\.|[^\\"])*)"|'((?:\\.|[^\\'])*)'""")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class ConfError(ValueError):
    """What Ceph would not understand; C(line) is the number of the line, from 1, or None for the file as a whole."""

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(problem if line is None else f"line {line}: {problem}")
        self.line = line


class Item(t.NamedTuple):
    """One line with content: an option with its value, or (option and value empty) the header of a section."""

    line: int
    section: str
    option: str = ""
    value: str = ""


def normalise(option: str) -> str:
    """Return an option's name with underscores for blanks: C(mon  host) and C(mon_host) are one option.

    C(mon-host) is another one, which Ceph does not know: dashes are for command lines only.
    """
    return "_".join(option.split())


def parse_items(text: str) -> t.Iterator[Item]:
    """Yield the headers and options of a file in ceph.conf's form in their order; keyrings have this form, too.

    Raises ConfError. Its words hold nothing of the line, which may be a piece of a key.
    """
    section = None
    for number, line in _logical_lines(text):
        if line.startswith("["):
            header = _SECTION.fullmatch(line)
            if header is None:
                raise ConfError(number, "the section header does not end with its bracket")
            section = header[1]
            yield Item(number, section)
            continue
        option, equals, value = line.partition("=")
        if not equals or not option.strip():
            raise ConfError(number, "expected 'option = value', a [section], or a comment")
        if section is None:
            raise ConfError(number, "an option stands before the first [section]")
        yield Item(number, section, normalise(option), _unquote(number, value.strip()))


def parse_conf(text: str) -> Conf:
    """Return the sections of a ceph.conf: section to normalised option to value, unescaped but not expanded.

    A section that comes twice is merged, an option that comes twice has its last value. Raises ConfError.
    """
    conf: Conf = {}
    for item in parse_items(text):
        options = conf.setdefault(item.section, {})
        if item.option:
            options[item.option] = item.value
    return conf


def effective(conf: Conf, name: str, host: str | None = None) -> dict[str, str]:
    """Return the options that the daemon or client TYPE.ID gets from this file.

    C([type.id]) wins over C([type]), which wins over C([global]). Values are expanded: $cluster (always ceph), $type,
    $id, $name, $host (the short name in host, else the option C(host)), and other options of the result. What else
    starts with a $ stays.
    """
    kind, _dot, identity = name.partition(".")
    options: dict[str, str] = {}
    for section in ("global", kind, name):
        options.update(conf.get(section, {}))
    known = {**options, "cluster": "ceph", "type": kind, "id": identity, "name": name}
    if host is not None:
        known["host"] = host
    return {option: _expand(value, known, {option}) for option, value in options.items()}


def data_directory(conf: Conf, name: str) -> str:
    """Return the data directory of the daemon TYPE.ID: its option C(TYPE data), or Ceph's default."""
    kind, _dot, identity = name.partition(".")
    return effective(conf, name).get(f"{kind}_data", f"/var/lib/ceph/{kind}/ceph-{identity}")


def keyring_path(conf: Conf, name: str) -> str:
    """Return the keyring file of the daemon TYPE.ID: its option C(keyring), or C(keyring) in its data directory."""
    return effective(conf, name).get("keyring", f"{data_directory(conf, name)}/keyring")


def uses_cephx(conf: Conf, name: str) -> bool:
    """Tell whether this daemon needs keys: it does unless every kind of connection is allowed without.

    The option C(auth supported) of old releases stands for all three kinds.
    """
    options = effective(conf, name)
    methods = [
        options.get("auth_supported") or options.get(f"auth_{kind}_required", "cephx")
        for kind in ("cluster", "service", "client")
    ]
    return any(method.split() != ["none"] for method in methods)


def _logical_lines(text: str) -> t.Iterator[tuple[int, str]]:
    """Yield lines with content: the number of the first one, and the text without comments and outer blanks."""
    pending, first = "", 0
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        first = first or number
        code = _COMMENT.sub(r"\1", pending + line)
        if _CONTINUED.search(code):
            code = code[:-1]
            if number < len(lines):
                pending = code
                continue
        if code.strip():
            yield first, code.strip()
        pending, first = "", 0


def _unquote(number: int, value: str) -> str:
    if value[:1] in ("'", '"'):
        quoted = _QUOTED.fullmatch(value)
        if quoted is None:
            raise ConfError(number, "the quoted value does not end with its quote (write # and ; as \\# and \\;)")
        value = quoted[1] if quoted[1] is not None else quoted[2]
    return re.sub(r"\\(.)", r"\1", value)


def _expand(value: str, known: dict[str, str], seen: set[str]) -> str:
    def replace(variable: re.Match[str]) -> str:
        name = variable[1] or variable[2]
        if name not in known or name in seen:
            return variable[0]
        return _expand(known[name], known, seen | {name})

    return _VARIABLE.sub(replace, value)
