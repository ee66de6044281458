# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the options that the monitors keep for all daemons (C(ceph config))."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._cli import CEPH_KEY, redact

# Who an option is for: a section, and masks such as class:ssd in any order.
Place = tuple[str, frozenset[str], str]

SECRET_NAME = re.compile(r"(password|passwd|_pass|secret|token)$", re.IGNORECASE)
_SIZE = re.compile(r"(\d+)([KMGTPE])(i?)")
_SPAN = re.compile(r"(\d+) ?([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# How Ceph prints a number: whole, or with six decimals.
_NUMBER = re.compile(r"-?\d+(\.\d{6})?")


@dataclass
class ConfigPlan:
    """What is to be done, as words of ceph commands."""

    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)
    words: list[list[str]] = field(default_factory=list)


def place(who: str, option: str) -> Place:
    """Return what identifies an option: C(osd/class:ssd/host:a) and C(osd/host:a/class:ssd) are the same."""
    section, *masks = who.split("/")
    return section, frozenset(masks), option


def parse_config(dump: t.Iterable[t.Mapping[str, t.Any]]) -> dict[Place, str]:
    """Return the values of C(ceph config dump -f json)."""
    return {
        (entry["section"], frozenset(filter(None, entry["mask"].split("/"))), entry["name"]): entry["value"]
        for entry in dump
    }


def check_options(options: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Return what is wrong with the module's options, one sentence per fault, no secret in any."""
    faults = []
    places = [place(entry["who"], entry["option"]) for entry in options]
    for entry, where in zip(options, places):
        title = f"{entry['option']} for {entry['who']}"
        if places.count(where) > 1:
            faults.append(f"{title} is given more than once: give it once.")
        if entry["state"] == "present" and (
            SECRET_NAME.search(entry["option"]) or CEPH_KEY.search(entry["value"] or "")
        ):
            faults.append(
                f"{title} is a secret: every client that may read from the monitors could read it there. "
                "Put it into a file of the daemon that needs it."
            )
    return list(dict.fromkeys(faults))


def is_same(have: str, wanted: str, kind: str | None = None) -> bool | None:
    """Tell whether Ceph would keep wanted as have, the value that it prints.

    kind is the option's type by C(ceph config help), needed in one case only, where None is returned without it: 10K is
    10240 for a size and 10000 for any other number. The forms were seen with Ceph 18.2.7.
    """
    size, span = _SIZE.fullmatch(wanted), _SPAN.fullmatch(wanted)
    if have in (wanted, f"{wanted}/{wanted}"):  # a debug level alone stands for both levels
        return True
    if have in ("true", "false"):
        return _boolean(wanted) == (have == "true")
    if size:
        return _is_same_size(have, size, kind)
    if span:
        return have == str(int(span[1]) * _SECONDS[span[2]])
    return _NUMBER.fullmatch(have) is not None and _number(wanted, "." in have) == have


def _is_same_size(have: str, size: re.Match[str], kind: str | None) -> bool | None:
    number, power = int(size[1]), "KMGTPE".index(size[2]) + 1
    if have == str(number * 1000**power) and not size[3]:
        return None if kind is None else kind != "size"
    return have == str(number * 1024**power)


def unclear_options(have: t.Mapping[Place, str], options: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the names of the options whose type decides whether they have their value already."""
    return [
        entry["option"]
        for entry in options
        if entry["state"] == "present"
        and is_same(have.get(place(entry["who"], entry["option"]), ""), entry["value"]) is None
    ]


def plan_config(
    have: t.Mapping[Place, str], options: t.Iterable[t.Mapping[str, t.Any]], kinds: t.Mapping[str, str]
) -> ConfigPlan:
    """Compare what the monitors keep with the wanted options; kinds has the types of the unclear ones."""
    plan = ConfigPlan()
    for entry in options:
        who, option, value = entry["who"], entry["option"], entry["value"]
        now = have.get(place(who, option))
        title = f"{who} {option}"
        plan.before[title] = plan.after[title] = now and redact(now)
        if entry["state"] == "absent" and now is not None:
            plan.after[title] = None
            plan.words.append(["config", "rm", who, option])
        elif entry["state"] == "present" and (now is None or not is_same(now, value, kinds.get(option))):
            plan.after[title] = value
            # What starts with a dash would be taken for an option of the command.
            plan.words.append(["config", "set", who, option, *(["--"] if value.startswith("-") else []), value])
    return plan


def _boolean(text: str) -> bool | None:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) != 0 if re.fullmatch(r"-?\d+", text) else None


def _number(text: str, with_decimals: bool) -> str | None:
    try:
        return f"{float(text):.6f}" if with_decimals else str(int(text))
    except ValueError:
        return None
