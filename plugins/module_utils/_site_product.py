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


# The hosts of each group of the site, of all products; a group without hosts is empty.
Serving = t.Mapping[str, t.Sequence[str]]


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
