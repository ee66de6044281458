# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: several files of Python as one that needs none of the others."""

from __future__ import annotations

import ast
import typing as t

OURS = "ansible_collections.sitewright.grid"


def assemble(sources: t.Sequence[str], start: str, heading: str) -> str:
    """Return one program with all of these sources in it, in their order; start is its last line.

    What they import of one another goes, for it stands before; what they import of Python stands once, in front.
    Raises ValueError where two of them have something of the same name.
    """
    modules: set[str] = set()
    names: dict[str, set[str]] = {}
    seen: set[str] = set()
    bodies = []
    for source in sources:
        tree = ast.parse(source)
        mine = {name for node in tree.body for name in _defined(node)}
        if mine & seen:
            raise ValueError(f"two of the files have {', '.join(sorted(mine & seen))}")
        seen |= mine
        bodies.append(_take_apart(source, tree, modules, names))
    imports = [*sorted(modules), *(f"from {name} import {', '.join(sorted(names[name]))}" for name in sorted(names))]
    top = ["#!/usr/bin/python3", "# SPDX-License-Identifier: GPL-3.0-or-later", "", heading, ""]
    top += ["from __future__ import annotations", "", *imports]
    end = f'if __name__ == "__main__":\n    {start}'
    return "\n\n\n".join(["\n".join(top), *bodies, end]) + "\n"


def _defined(node: ast.stmt) -> t.Iterator[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (child.id for target in targets for child in ast.walk(target) if isinstance(child, ast.Name))


def _take_apart(source: str, tree: ast.Module, modules: set[str], names: dict[str, set[str]]) -> str:
    """Return a source without its heading and its imports; those of Python are added to modules and names."""
    lines = source.splitlines()
    dropped = set(range(tree.body[0].end_lineno or 1))
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            dropped.update(range(node.lineno - 1, node.end_lineno or node.lineno))
        if isinstance(node, ast.Import):
            modules.add(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module != "__future__" and not module.startswith(OURS):
                names.setdefault(module, set()).update(ast.unparse(alias) for alias in node.names)
    return "\n".join(line for number, line in enumerate(lines) if number not in dropped).strip("\n")
