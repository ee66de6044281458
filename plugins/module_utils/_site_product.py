# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a product tells the site model of itself."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import Settings, Variable


@dataclass(frozen=True)
class Host:
    """A host of the site: its name in the inventory, short name, address (None where it has no valid one), and fate."""

    name: str
    short_name: str
    address: str | None
    retiring: bool


class Members(t.Sequence[str]):
    """The hosts of a group, in the inventory's order; to look for one costs the same however many there are."""

    def __init__(self, names: t.Iterable[str]) -> None:
        self._names = dict.fromkeys(names)
        self._list = list(self._names)

    @t.overload
    def __getitem__(self, index: int) -> str: ...

    @t.overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._list[index]

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._list)

    def __contains__(self, name: object) -> bool:
        return name in self._names


class Serving(t.Mapping[str, Members]):
    """The hosts of each group of the site, of all products; a group without hosts is empty."""

    def __init__(self, groups: t.Mapping[str, t.Iterable[str]]) -> None:
        self._groups = {group: Members(names) for group, names in groups.items()}
        self._first_staying: dict[tuple[str, str | None], str | None] = {}

    def __getitem__(self, group: str) -> Members:
        return self._groups[group]

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def first_staying(self, group: str, rather_not_in: str | None = None) -> str | None:
        """Return the first host of a group that is not to retire; it is looked for once, not for every host.

        One that is in another group, too, is taken only where all are.
        """
        key = (group, rather_not_in)
        if key not in self._first_staying:
            staying = [name for name in self[group] if name not in self["retiring"]]
            others = (name for name in staying if rather_not_in is None or name not in self[rather_not_in])
            self._first_staying[key] = next(others, next(iter(staying), None))
        return self._first_staying[key]


@dataclass(frozen=True)
class Product:
    """A part of the site: its groups and variables, and how its parts of the model are built.

    name is its key in the model and in each host's part of it. Every variable of the inventory that starts with one of
    prefixes has to be known. Both functions record what is wrong in the settings' findings; build_site returns None
    where no host serves the product, build_host may do so where this host does not.
    """

    name: str
    prefixes: tuple[str, ...]
    groups: tuple[str, ...]
    variables: tuple[Variable, ...]
    build_site: t.Callable[[t.Mapping[str, Host], Serving, Settings], dict[str, t.Any] | None]
    build_host: t.Callable[[Host, Serving, Settings], dict[str, t.Any] | None]
