# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: checks of values by their type, shared by the variables of all products.

Numbers and booleans may come as strings, as C(-e name=value) and INI inventories give them.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place, enumerate_names
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Check

SMALLEST_SIZE = 5 * 1024**3

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def kind_of(value: t.Any) -> str:
    """Return what a value of YAML is, in words."""
    for kind, words in (
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number with a fraction"),
        (str, "a string"),
        (list, "a list"),
        (dict, "a dictionary"),
    ):
        if isinstance(value, kind):
            return words
    return "empty"


def wrong_type(place: Place, value: t.Any, wanted: str, example: str) -> t.Any:
    """Refuse a value for its type; example shows how to write it. Returns REFUSED."""
    place.refuse(f"is {kind_of(value)}, not {wanted}: write it like {example}", value)
    return REFUSED


def nearest(name: str, known: t.Iterable[str], cutoff: float = 0.6) -> str:
    """Return a hint for a name that is not known: the nearest known one, or all of them where they are few.

    cutoff tells how near is near enough, up to 1; names that share a prefix need more than others.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    if close:
        return f"did you mean '{close[0]}'?"
    if len(names) <= 12:
        return f"known are {enumerate_names(names, most=12)}" if names else "there is none"
    return "see docs/inventory.md for the known ones"


def text(wanted: str, example: str, pattern: str = r".*", cure: str = "") -> Check:
    """Return a check for strings that match a pattern as a whole; cure tells what does."""
    matches = re.compile(pattern).fullmatch

    def check(place: Place, value: t.Any) -> t.Any:
        if not isinstance(value, str):
            return wrong_type(place, value, wanted, example)
        if matches(value) is None:
            place.refuse(f"is not {wanted}: {cure or f'write it like {example}'}", value)
            return REFUSED
        return value

    return check


def choice(*choices: str) -> Check:
    """Return a check for one of these strings."""

    def check(place: Place, value: t.Any) -> t.Any:
        if value in choices:
            return value
        place.refuse(f"is not one of {', '.join(choices)}: choose one of them", value)
        return REFUSED

    return check


def boolean(place: Place, value: t.Any) -> t.Any:
    """Check a boolean."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    return wrong_type(place, value, "a boolean", "true or false")


def number(least: int) -> Check:
    """Return a check for whole numbers from least on."""

    def check(place: Place, value: t.Any) -> t.Any:
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return wrong_type(place, value, "a whole number", str(max(least, 3)))
        if value < least:
            place.refuse(f"is below {least}: raise it", value)
            return REFUSED
        return value

    return check


def each(check_item: Check, wanted: str, example: str) -> Check:
    """Return a check for lists whose items are checked one by one and may not repeat."""

    def check(place: Place, value: t.Any) -> t.Any:
        if not isinstance(value, list):
            return wrong_type(place, value, wanted, example)
        checked = []
        for index, item in enumerate(value):
            result = check_item(place.item(index), item)
            if result is not REFUSED and result in checked:
                place.item(index).refuse("is named twice: name it once", item)
                result = REFUSED
            checked.append(result)
        return REFUSED if REFUSED in checked else checked

    return check


def mapping(check_value: Check, wanted: str, example: str) -> Check:
    """Return a check for dictionaries whose values are checked one by one."""

    def check(place: Place, value: t.Any) -> t.Any:
        if not isinstance(value, dict):
            return wrong_type(place, value, wanted, example)
        checked = {name: check_value(place.key(name), item) for name, item in value.items()}
        return REFUSED if REFUSED in checked.values() else checked

    return check


def keys(**checks: Check) -> Check:
    """Return a check for dictionaries with these keys; one that is missing or null is None in the result."""

    def check(place: Place, value: t.Any) -> t.Any:
        for name in sorted(value.keys() - checks.keys()):
            place.key(name).refuse(f"is no key that is known here: {nearest(name, checks)}")
        checked = {
            name: None if value.get(name) is None else check_value(place.key(name), value[name])
            for name, check_value in checks.items()
        }
        return REFUSED if value.keys() - checks.keys() or REFUSED in checked.values() else checked

    return check


def size(place: Place, value: t.Any) -> t.Any:
    """Check a size of at least 5 GiB and return its bytes: bytes, or a number with K, M, G or T, all binary."""
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str)):
        return wrong_type(place, value, "a size", "10G")
    parsed = _SIZE.fullmatch(str(value).strip())
    if parsed is None:
        place.refuse("is no size: write bytes, or a number with K, M, G or T, like 10G", value)
        return REFUSED
    count = int(float(parsed[1]) * _UNITS[parsed[2].upper()]) if parsed[2] else int(float(parsed[1]))
    if count < SMALLEST_SIZE:
        place.refuse("is below 5 GiB, too small for an OSD: raise it", value)
        return REFUSED
    return count


def absolute_path(place: Place, value: t.Any) -> t.Any:
    """Check a path that starts at the root and is written in its shortest form."""
    if not isinstance(value, str):
        return wrong_type(place, value, "a path", "/srv/data")
    if not value.startswith("/"):
        place.refuse("is no absolute path: start it with /", value)
        return REFUSED
    if re.search(r"[\x00-\x20\x7f]", value):
        place.refuse("has blanks or control characters in it: use a path without", value)
        return REFUSED
    parts = [part for part in value.split("/") if part]
    if "." in parts or ".." in parts:
        place.refuse("has . or .. in it: write the path that it leads to", value)
        return REFUSED
    shortest = "/" + "/".join(parts)
    if value != shortest:
        place.refuse(f"has slashes to spare: write {shortest}", value)
        return REFUSED
    return value
