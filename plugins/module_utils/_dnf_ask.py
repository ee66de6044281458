# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a program that asks dnf's own resolver: its answer goes to stdout.

It is not imported on a host: dnf's Python may be another one than Ansible's, on EL 8 it is 3.6. So there is nothing
newer than that in here, but for the first import, which is taken away before it is sent.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tempfile
import typing as t

# What is asked, as JSON; whoever sends the program puts it here.
REQUEST = ""

EMPTY: t.Any = {"excludes": [], "outranked": {}, "origins": {}, "transaction": None, "repositories": {}, "messages": []}


def load(name: str) -> t.Any:
    """Return a module of dnf's, which this Python may not have."""
    return importlib.import_module(name)


class Resolver:
    """dnf with the repositories of the host, and in place of some of them those of a request."""

    def __init__(self, request: t.Any, everything: bool = False) -> None:
        dnf = self.dnf = load("dnf")
        self.hawkey = load("hawkey")
        reader = load("dnf.conf.read").RepoReader
        self.request = request
        self.base = base = load("dnf.cli.cli").BaseCli() if request.get("apply") else dnf.Base()
        conf = base.conf
        conf.read(priority=dnf.conf.PRIO_MAINCONFIG)
        conf.substitutions.update_from_etc(conf.installroot, varsdir=conf.varsdir)
        release = load("dnf.rpm").detect_releasever(conf.installroot)
        if release:
            conf.releasever = release
        conf.assumeyes = True
        conf.comment = request.get("comment", "")
        if everything:
            conf.disable_excludes = ["all"]
        base.read_all_repos()
        for id_ in request.get("without", []):
            base.repos.pop(id_, None)
        planned = set()
        for text in request.get("files", []):
            with tempfile.NamedTemporaryFile("w", suffix=".repo") as file:
                file.write(text)
                file.flush()
                for repo in reader(conf, {})._get_repos(file.name):
                    base.repos.pop(repo.id, None)
                    base.repos.add(repo)
                    planned.add(repo.id)
        for id_ in request.get("enablerepo", []):
            for repo in base.repos.get_matching(id_):
                repo.enable()
        self.repositories: t.Any = {}
        self.down: t.Any = []
        self.excluded: t.Any = None
        self.files = {repo.id: repo.repofile for repo in base.repos.values() if repo.id not in planned}

    def load(self) -> None:
        """Load the metadata of each repository by itself, so that each tells what is wrong with it."""
        for repo in list(self.base.repos.iter_enabled()):
            try:
                repo.load()
                error = None
            except self.dnf.exceptions.RepoError as caught:
                error = str(caught)
                repo.disable()
            required = not repo.skip_if_unavailable
            if error and required:
                self.down.append(repo.id)
            self.repositories[repo.id] = {
                "priority": repo.priority,
                "file": self.files.get(repo.id),
                "required": required,
                "error": error,
            }
        self.base.fill_sack(load_system_repo="auto")
        self.sack = self.base.sack
        hawkey = self.hawkey
        self.all = self.sack.query(flags=hawkey.IGNORE_EXCLUDES)
        self.not_excluded = set(self.sack.query(flags=hawkey.IGNORE_MODULAR_EXCLUDES).available())
        self.not_modular = set(self.sack.query(flags=hawkey.IGNORE_REGULAR_EXCLUDES).available())

    def priority(self, pkg: t.Any) -> t.Any:
        return self.base.repos[pkg.reponame].priority

    def origin(self, name: str) -> t.Any:
        """Tell where a package would come from, which candidates lose, and why."""
        subject = self.hawkey.Subject(name)
        known = subject.get_best_solution(self.sack, with_src=False, query=self.all)["query"]
        installed = list(known.installed())
        candidates = [pkg for pkg in known.available() if pkg.arch != "src"]
        winner, problem = None, None
        if installed:
            names = {pkg.name for pkg in installed}
            best = self.sack.query().available().filter(name=list(names), latest_per_arch_by_priority=True)
            winner = max((pkg for pkg in best if pkg.arch in (installed[0].arch, "noarch")), default=None)
        elif candidates:
            goal = load("dnf.goal").Goal(self.sack)
            selector = subject.get_best_selector(self.sack)
            goal.install(select=selector, optional=False)
            if not selector.matches():
                problem = "every candidate is hidden"
            elif goal.run():
                mine = set(candidates)
                winner = max((pkg for pkg in goal.list_installs() if pkg in mine), default=None)
            else:
                problem = "; ".join(line for rule in goal.problem_rules() for line in rule)
        return {
            "repository": winner.reponame if winner else None,
            "package": winner.name if winner else None,
            "version": winner.evr if winner else None,
            "installed": [{"version": pkg.evr, "repository": self.base.history.repo(pkg) or None} for pkg in installed],
            "candidates": [
                {
                    "package": pkg.name,
                    "version": pkg.evr,
                    "architecture": pkg.arch,
                    "repository": pkg.reponame,
                    "priority": self.priority(pkg),
                    "lost": self.why(pkg, winner),
                }
                for pkg in sorted(candidates, key=lambda one: (self.priority(one), one.reponame, one), reverse=False)
            ],
            "problem": problem,
        }

    def why(self, pkg: t.Any, winner: t.Any) -> t.Any:
        """Tell why a candidate is not the one that is taken."""
        if winner is not None and pkg == winner and pkg.reponame == winner.reponame:
            return None
        if pkg not in self.not_excluded:
            return "excluded" if self.is_excluded(pkg) else "not included"
        if pkg not in self.not_modular:
            return "modular"
        if winner is None:
            return "dependencies"
        rank, newer = self.priority(pkg) - self.priority(winner), pkg.evr_cmp(winner)
        reasons = (
            ("priority", rank > 0),
            ("architecture", pkg.arch != winner.arch and "noarch" not in (pkg.arch, winner.arch)),
            ("same version", newer == 0),
            ("version", newer < 0),
        )
        return next((reason for reason, holds in reasons if holds), "dependencies")

    def patterns(self) -> t.Any:
        """Return the patterns of excludes with the packages that each hides, by the repository that has them."""
        found = []
        sections = [(repo.id, list(repo.excludepkgs)) for repo in self.base.repos.iter_enabled()]
        for id_, patterns in [("main", list(self.base.conf.excludepkgs)), *sections]:
            for pattern in patterns:
                best = (
                    self.hawkey.Subject(pattern)
                    .get_best_solution(
                        self.sack, with_nevra=True, with_provides=False, with_filenames=False, query=self.all
                    )["query"]
                    .available()
                )
                hidden = [pkg for pkg in best if id_ in ("main", pkg.reponame)]
                found.append((id_, pattern, hidden))
        return found

    def is_excluded(self, pkg: t.Any) -> bool:
        if self.excluded is None:
            self.excluded = {pkg for _id, _pattern, hidden in self.patterns() for pkg in hidden}
        return pkg in self.excluded

    def excludes(self) -> t.Any:
        """Tell of each pattern of an exclude what it hides, and which packages of the same sources it leaves."""
        found = self.patterns()
        hidden_at_all = {pkg for _id, _pattern, hidden in found for pkg in hidden}
        by_source: t.Any = {}
        for pkg in self.all.available():
            by_source.setdefault((pkg.reponame, pkg.source_name or pkg.name), []).append(pkg)
        answer = []
        for id_, pattern, hidden in found:
            sources = {(pkg.reponame, pkg.source_name or pkg.name) for pkg in hidden}
            left = {
                pkg.name
                for source in sources
                for pkg in by_source.get(source, [])
                if pkg not in hidden_at_all and pkg.arch != "src"
            }
            names = {pkg.name for pkg in hidden}
            answer.append({"repository": id_, "pattern": pattern, "hides": sorted(names), "leaves": sorted(left)})
        return answer

    def outranked(self) -> t.Any:
        """Tell which packages of the guarded repositories come from better ranked ones instead."""
        answer = {}
        names = {}
        for repo in self.base.repos.iter_enabled():
            names[repo.id] = {pkg.name for pkg in self.sack.query().available().filter(reponame=repo.id)}
        for id_ in self.request.get("guard", []):
            if id_ in names:
                better = {
                    repo.id: sorted(names[id_] & names[repo.id])
                    for repo in self.base.repos.iter_enabled()
                    if repo.id != id_ and repo.priority < self.base.repos[id_].priority
                }
                answer[id_] = {other: same for other, same in better.items() if same}
        return answer

    def mark(self) -> t.Any:
        """Mark what the request wants of a transaction, and return what went wrong with that."""
        problems = []
        for name in self.request.get("install", []):
            try:
                self.base.install(name)
            except self.dnf.exceptions.Error as error:
                problems.append(str(error))
        sync = self.request.get("sync")
        if sync:
            query = self.base.sack.query().installed()
            for pkg in query:
                if re.search(sync, pkg.release):
                    self.base.distro_sync(pkg.name)
        for name in self.request.get("remove", []):
            for pkg in self.base.sack.query().installed().filter(name=name):
                if not self.request.get("keep") or not re.match(self.request["keep"], pkg.version):
                    self.base.package_remove(pkg)
        return problems

    def transaction(self) -> t.Any:
        """Resolve the transaction of the request, and return what it would do, or why it cannot be done."""
        problems = self.mark()
        if not problems:
            try:
                self.base.resolve(allow_erasing=bool(self.request.get("sync")))
            except self.dnf.exceptions.Error as error:
                problems.append(str(error))
        if problems:
            return {"possible": False, "problems": problems, "install": [], "remove": []}
        return {
            "possible": True,
            "problems": [],
            "install": [
                {"package": pkg.name, "version": pkg.evr, "repository": pkg.reponame}
                for pkg in sorted(self.base.transaction.install_set)
            ],
            "remove": [
                {"package": pkg.name, "version": pkg.evr, "repository": self.base.history.repo(pkg) or None}
                for pkg in sorted(self.base.transaction.remove_set)
            ],
        }


def find_hidden(request: t.Any, resolver: Resolver) -> t.Any:
    """Return the packages that excludes hide from a transaction that would be possible without them, and for whom."""
    free = Resolver(request, everything=True)
    for id_ in resolver.repositories:
        if resolver.repositories[id_]["error"]:
            free.base.repos[id_].disable()
    free.load()
    done = free.transaction()
    if not done["possible"]:
        return []
    chosen = list(free.base.transaction.install_set)
    left = {(pkg.name, pkg.evr, pkg.reponame) for pkg in resolver.sack.query().available()}
    names_left = {pkg.name for pkg in resolver.sack.query().available()}
    hidden = []
    for pkg in sorted(chosen):
        if (pkg.name, pkg.evr, pkg.reponame) not in left and pkg.name not in names_left:
            users = free.sack.query().filter(pkg=chosen).filter(requires=pkg.provides)
            by = sorted({user.name for user in users if user.name != pkg.name})
            wanted = pkg.name in request.get("install", [])
            hidden.append({"package": pkg.name, "repository": pkg.reponame, "needed_by": by, "wanted": wanted})
    return hidden


def answer(request: t.Any) -> t.Any:
    """Return the answer to a request."""
    resolver = Resolver(request)
    resolver.load()
    result = dict(EMPTY, repositories=resolver.repositories, down=resolver.down, hidden=[])
    result["origins"] = {name: resolver.origin(name) for name in request.get("names", [])}
    if request.get("guard") is not None:
        result["excludes"] = resolver.excludes()
        result["outranked"] = resolver.outranked()
    if request.get("install") or request.get("sync") or request.get("remove"):
        result["transaction"] = resolver.transaction()
        if not result["transaction"]["possible"] and not request.get("sync"):
            result["hidden"] = find_hidden(request, resolver)
        elif request.get("apply") and (result["transaction"]["install"] or result["transaction"]["remove"]):
            resolver.base.do_transaction()
    return result


def main() -> None:
    """Answer the request; everything that dnf prints goes to stderr."""
    error: t.Any = load("dnf.exceptions").Error
    real, sys.stdout = sys.stdout, sys.stderr
    try:
        result = answer(json.loads(REQUEST))
    except error as caught:
        result = dict(EMPTY, error=str(caught))
    real.write(json.dumps(result))
    real.flush()


if __name__ == "__main__":
    main()
