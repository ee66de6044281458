# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSG's repositories on a host with dnf that says it is EL 9; osg/make_repositories.py makes what is in them."""

from __future__ import annotations

import json
import re
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_resolver import ask_source
from lab import ROOT, Lab, Play

INVENTORY = ROOT / "tests" / "lab" / "inventories" / "osg"
GOLDEN = ROOT / "tests" / "unit" / "golden" / "osg_repositories"
MIRROR = "http://127.0.0.1:8080"
KEY = f"{MIRROR}/keys/lab"
SITE_REPOSITORY = {"baseurl": f"{MIRROR}/site/9/$basearch", "gpgkey": KEY, "priority": 9}
# What osg-wn-client and condor bring, and what else a site may want: more than forty names.
NAMES = re.findall(
    r"\S+",
    """
osg-wn-client osg-ca-certs igtf-ca-certs osg-system-profiler pelican pelican-osdf-compat vo-client osg-vo-map
scitokens-cpp cvmfs cvmfs-libs cvmfs-config-osg osg-oasis condor condor-kbdd condor-vm-gahp minicondor python3-condor
xrootd xrootd-libs xrootd-client xrootd-client-libs xrootd-server python3-xrootd xrootd-selinux xrootd-voms voms
voms-clients-cpp voms-doc gfal2 gfal2-plugin-http gfal2-plugin-file gfal2-plugin-xrootd python3-gfal2
python3-gfal2-util davix davix-libs fetch-crl oidc-agent openbao globus-common globus-gsi-callback curl wget
openldap-clients /usr/bin/xrdcp stashcp grid-certificates gtest-devel
""",
)


class Site(Lab):
    """The lab's worker of OSG, with the mirror of its site on it."""

    fingerprint = ""

    def choices(self, **variables: t.Any) -> list[str]:
        """Return arguments for a run with these variables, and with the key of the lab."""
        ours = {"fingerprints": [self.fingerprint], "gpgkey": KEY}
        changed = variables.pop("osg_repositories", {})
        repositories = {name: {**ours, **changed.get(name, {})} for name in ("osg", "epel", "epel-testing")}
        return ["-e", json.dumps({"osg_mirror": MIRROR, "osg_repositories": repositories, **variables})]

    def configure(self, *arguments: str, rc: int = 0, playbook: str = "repositories.yml", **variables: t.Any) -> Play:
        """Run a playbook with these variables."""
        return self.play(playbook, *self.choices(**variables), *arguments, rc=rc)

    def state(self) -> str:
        """Return what a run may change: the files of repositories and keys, and the packages."""
        return self.on("cd /etc/yum.repos.d; sha256sum * /etc/pki/rpm-gpg/sitewright/* 2>/dev/null; rpm -qa | sort")

    def on(self, command: str) -> str:
        """Run a shell command on the host, and return what it printed."""
        return self.ssh("el9", command)

    def installed(self, pattern: str) -> list[str]:
        """Return the installed packages whose names match a pattern, with version and release."""
        return self.on(f"rpm -qa --qf '%{{NAME}}-%{{VERSION}}-%{{RELEASE}}\\n' '{pattern}' | sort").split()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Site]:
    """Give the host, configured as a run of defaults does it."""
    site = Site(INVENTORY)
    site.create()
    site.play("../tests/lab/osg/prepare.yml")
    site.fingerprint = site.on("cat /srv/mirror/keys/lab.fingerprint").strip()
    site.on("tar -cf /root/before.tar -C / etc/yum.repos.d")
    yield site
    site.destroy()


@pytest.fixture
def configured(site: Site) -> Site:
    """Give the host as a run of defaults leaves it, and none of the packages."""
    site.on("rpm -qa --qf '%{NAME}\\n' | grep -v gpg-pubkey | xargs -r rpm -e --nodeps")
    site.on(
        "rm -rf /etc/yum.repos.d /etc/pki/rpm-gpg/sitewright; cd /; tar -xf /root/before.tar; "
        "test ! -e /root/configured.tar || tar -xf /root/configured.tar"
    )
    if site.try_ssh("el9", "test -e /root/configured.tar").returncode != 0:
        site.configure()
        site.on("tar -cf /root/configured.tar -C / etc/yum.repos.d etc/pki/rpm-gpg/sitewright")
    return site


@pytest.fixture
def ask(configured: Site, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    def ask_now(**options: t.Any) -> dict[str, t.Any]:
        words = json.dumps({"ask_options": options, "ask_answer": str(tmp_path / "answer")})
        configured.play("../tests/lab/osg/ask.yml", "-e", words)
        answer: dict[str, t.Any] = json.loads((tmp_path / "answer").read_text())
        return answer

    return ask_now


def lost(origin: dict[str, t.Any]) -> dict[str, str | None]:
    """Return why each candidate has lost, by repository and version."""
    return {f"{one['repository']} {one['version']}": one["lost"] for one in origin["candidates"]}


def test_a_first_run_is_as_its_check_has_said(site: Site) -> None:
    before = site.state()
    said = site.configure("--check")
    assert site.state() == before
    done = site.configure()
    assert said.changed == done.changed == {"el9": 1}
    assert not site.configure().changed
    assert not site.configure("--check").changed


def test_osg_wins_over_a_higher_version_of_epel(configured: Site, ask: t.Callable[..., t.Any]) -> None:
    origin = ask(names=["condor"])["origins"]["condor"]
    assert (origin["repository"], origin["version"]) == ("osg", "25.0.3-1.osg25.el9")
    assert lost(origin) == {"osg 25.0.3-1.osg25.el9": None, "epel 26.1.0-1.el9": "priority"}
    configured.on("dnf -y -q install condor")
    assert configured.installed("condor") == ["condor-25.0.3-1.osg25.el9"]
    expected = {"condor": "osg", "fetch-crl": "epel", "curl": "baseos"}
    configured.configure(playbook="../tests/lab/osg/verify.yml", osg_expected_origins=expected)
    play = configured.configure(playbook="../tests/lab/osg/verify.yml", osg_expected_origins={"condor": "epel"}, rc=2)
    assert "condor would come from osg, and is expected from epel; there it has lost by: priority." in play.output
    assert "condor is installed from osg, and expected from epel." in play.output


def test_what_is_excluded_comes_from_the_other_repository(configured: Site, ask: t.Callable[..., t.Any]) -> None:
    play = configured.configure(osg_exclude=["xrootd*", "nothing-like-it"])
    words = " ".join(play.output.split())
    assert "exclude nothing-like-it of osg matches nothing there" in words
    assert "exclude xrootd* of osg leaves python3-xrootd, of the same sources as xrootd" in words
    origin = ask(names=["xrootd-client"])["origins"]["xrootd-client"]
    assert lost(origin) == {"osg 5.8.4-1.osg25.el9": "excluded", "epel 5.9.0-1.el9": None}
    configured.on("dnf -y -q install xrootd-client")
    assert configured.installed("xrootd-client") == ["xrootd-client-5.9.0-1.el9"]


def test_an_exclude_that_hides_what_is_needed_is_refused_before_anything_is_changed(configured: Site) -> None:
    before = configured.state()
    play = configured.configure(osg_exclude=["vo-client"], rc=2)
    words = " ".join(play.output.split())
    assert "el9 was left as it is. vo-client, which osg-wn-client needs, is hidden by an exclude of osg" in words
    play = configured.configure(epel_exclude=["voms*"], rc=2)
    assert "hides voms and voms-clients-cpp, which osg-wn-client needs" in " ".join(play.output.split())
    assert configured.state() == before


def test_with_the_refusal_overridden_the_resolver_refuses_and_nothing_is_half_installed(configured: Site) -> None:
    play = configured.configure(osg_exclude=["vo-client"], osg_preflight="warn")
    assert "vo-client, which osg-wn-client needs, is hidden" in " ".join(play.output.split())
    before = configured.installed("*")
    done = configured.try_ssh("el9", "dnf -y install osg-wn-client")
    assert done.returncode != 0
    assert "requires vo-client, but none of the providers can be installed" in " ".join(done.stderr.split())
    assert configured.installed("*") == before


def test_a_repository_of_others_that_outranks_osg_is_refused(configured: Site) -> None:
    configured.on(
        "printf '%s\\n' '[htcondor]' name=x baseurl=http://127.0.0.1:8080/htcondor/25.0/el9/x86_64/release gpgcheck=0 "
        "priority=90 > /etc/yum.repos.d/htcondor.repo"
    )
    before = configured.state()
    words = " ".join(configured.configure(rc=2).output.split())
    assert "htcondor (priority 90, /etc/yum.repos.d/htcondor.repo) outranks osg (priority 98) for condor" in words
    assert configured.state() == before
    configured.configure(condor_package_source={"source": "htcondor"})
    configured.on("rm /etc/yum.repos.d/htcondor.repo")


def test_a_globus_free_osg(configured: Site, ask: t.Callable[..., t.Any]) -> None:
    """The documented case: OSG's priority lifted, its Globus hidden, EPEL's from testing for one transaction."""
    lifted = yaml.safe_load((ROOT / "inventories" / "example" / "group_vars" / "globus_free.yml").read_text())
    del lifted["osg_expected_origins"]
    assert configured.configure(**lifted).changed
    assert configured.installed("globus*") == ["globus-common-18.15-1.el9"]
    assert not configured.configure(**lifted).changed
    answer = ask(names=["globus-common", "globus-gsi-callback"])
    assert lost(answer["origins"]["globus-gsi-callback"]) == {
        "osg 18.13-1.osg25.el9": "excluded",
        "epel 18.14-1.el9": None,
    }
    assert "epel-testing" not in answer["repositories"]
    assert answer["origins"]["globus-common"]["installed"] == [{"version": "18.15-1.el9", "repository": "epel-testing"}]


def test_packages_without_the_right_signature_are_refused(configured: Site) -> None:
    given = {**SITE_REPOSITORY, "fingerprints": [configured.fingerprint]}
    configured.configure(osg_extra_repositories={"lab-site": given})
    configured.on("dnf -y -q install site-tools")
    for name, words in (("site-unsigned", "is not signed"), ("site-stranger", "is not correct for this package")):
        done = configured.try_ssh("el9", f"dnf -y install {name}")
        assert done.returncode != 0
        assert words in " ".join((done.stdout + done.stderr).split()) or "GPG check FAILED" in done.stdout + done.stderr
        assert configured.installed(name) == []


def test_a_key_with_another_fingerprint_is_refused(configured: Site) -> None:
    before = configured.state()
    given = {**SITE_REPOSITORY, "gpgkey": f"{MIRROR}/keys/stranger", "fingerprints": [configured.fingerprint]}
    words = " ".join(configured.configure(osg_extra_repositories={"lab-site": given}, rc=2).output.split())
    stranger = configured.on("cat /srv/mirror/keys/stranger.fingerprint").strip()
    assert f"has the fingerprint {stranger}, not {configured.fingerprint}: it is not to be trusted" in words
    assert configured.state() == before


def test_a_repository_that_is_down_is_named_and_the_others_are_used(configured: Site) -> None:
    down = {
        "baseurl": "http://127.0.0.1:9/site",
        "gpgkey": KEY,
        "priority": 9,
        "fingerprints": [configured.fingerprint],
    }
    before = configured.state()
    words = " ".join(configured.configure(osg_extra_repositories={"lab-site": down}, rc=2).output.split())
    assert "The repository lab-site does not answer" in words
    assert configured.state() == before
    down["skip_if_unavailable"] = True
    words = " ".join(configured.configure(osg_extra_repositories={"lab-site": down}).output.split())
    assert "The repository lab-site does not answer and is passed over" in words
    configured.on("dnf -y -q install fetch-crl")
    assert configured.installed("fetch-crl") == ["fetch-crl-3.0.23-1.el9"]


def test_a_packaged_file_that_comes_back_changes_nothing(configured: Site, ask: t.Callable[..., t.Any]) -> None:
    """It has OSG 24 and no check of signatures: the host has to keep 25."""
    release = "/srv/mirror/osg/24-main/el9/release/x86_64/osg-release-24-4.osg24.el9.noarch.rpm"
    configured.on(f"rpm --import /srv/mirror/keys/lab; rpm -i --quiet {release}; test -e /etc/yum.repos.d/osg.repo")
    assert ask(names=["condor"])["origins"]["condor"]["version"] == "25.0.3-1.osg25.el9"
    # The operator has edited it, so that the package's next version leaves a .rpmnew.
    configured.on("echo '# mine' >> /etc/yum.repos.d/osg.repo")
    newer = release.replace("24-main", "25-main").replace("24-4.osg24", "25-4.osg25")
    configured.on(f"rpm -U --quiet {newer}; test -e /etc/yum.repos.d/osg.repo.rpmnew")
    play = configured.configure()
    assert play.changed
    assert "osg.repo.rpmnew was left by an update of a package" in " ".join(play.output.split())
    assert not configured.configure().changed
    # The package brings it back.
    configured.on(f"rpm -U --quiet --replacepkgs {newer}; test -e /etc/yum.repos.d/osg.repo")
    assert ask(names=["condor"])["origins"]["condor"]["version"] == "25.0.3-1.osg25.el9"
    assert configured.configure("--check").changed
    play = configured.configure()
    assert play.changed
    assert "osg.repo came back" in " ".join(play.output.split())
    assert not configured.configure().changed
    configured.play("purge.yml", *configured.choices(), "-e", "purge_site=osg")
    assert configured.on("ls /etc/yum.repos.d").split() == ["osg.repo", "osg.repo.rpmnew", "rocky.repo"]


def test_a_new_series_is_one_variable_and_one_transaction(configured: Site) -> None:
    configured.configure(osg_series=24)
    configured.on("dnf -y -q install osg-wn-client condor oidc-agent osg-release && rm -f /etc/yum.repos.d/osg.repo")
    assert "condor-24.0.12-1.osg24.el9" in configured.installed("condor")
    assert not configured.configure(osg_series=24).changed
    last = configured.on("dnf history list | sed -n 3p").split()[0]

    before = configured.state()
    said = configured.configure("--check", "--diff", osg_series=25)
    assert configured.state() == before
    assert re.search(r"^\+ +condor: 25.0.3-1.osg25.el9 \(osg\)$", said.output, re.M), said.output[-4000:]
    done = configured.configure(osg_series=25)
    assert said.changed == done.changed
    assert not [name for name in configured.installed("*") if "osg24" in name]
    assert configured.installed("oidc-agent") == ["oidc-agent-5.2.3-1.el9"]
    assert configured.installed("osg-release") == []
    assert int(configured.on("dnf history list | sed -n 3p").split()[0]) == int(last) + 1
    assert not configured.configure(osg_series=25).changed


def test_forty_origins_in_one_call_and_the_time_of_forty_queries(configured: Site, ask: t.Callable[..., t.Any]) -> None:
    assert len(NAMES) > 40
    before = ask(names=NAMES)["origins"]
    assert {name for name in NAMES if before[name]["repository"] is None} == set()
    assert before["/usr/bin/xrdcp"]["package"] == "xrootd-client"
    assert lost(before["openbao"]) == {"epel 3.0.0-1.module.el9": "modular", "epel 2.2.0-1.el9": None}
    configured.configure(osg_exclude=["xrootd*", "python3-xrootd"])
    after = ask(names=NAMES)["origins"]
    moved = {name for name in NAMES if before[name]["repository"] != after[name]["repository"]}
    assert moved == {name for name in NAMES if "xrootd" in name and before[name]["repository"] == "osg"} | {
        "/usr/bin/xrdcp"
    }

    started = time.monotonic()
    queries = f"for name in {' '.join(NAMES)}; do dnf -q -C repoquery $name; done | wc -l"
    assert int(configured.ssh("el9", queries, timeout=300)) >= len(NAMES)
    one_by_one = time.monotonic() - started
    source = ask_source({"names": NAMES})
    configured.on(f"cat > /root/ask.py <<'END'\n{source}\nEND")
    started = time.monotonic()
    answer = json.loads(configured.on("python3 /root/ask.py"))
    together = time.monotonic() - started
    assert set(answer["origins"]) == set(NAMES)
    assert together < one_by_one / 10, f"{len(NAMES)} queries took {one_by_one:.1f} s, one question {together:.1f} s"


PARSE = """
import json, logging, os, sys
import dnf, dnf.logging
heard = []
class Ear(logging.Handler):
    def emit(self, record):
        heard.append(record.getMessage())
logging.getLogger("dnf").addHandler(Ear())
logging.getLogger("libdnf").addHandler(Ear())
found = {}
for name in sorted(os.listdir("/root/golden")):
    base = dnf.Base()
    base.conf.reposdir = ["/root/golden/" + name]
    base.conf.substitutions.update({"releasever": "10", "basearch": name.rpartition("-")[2]})
    base.read_all_repos()
    found[name] = {
        repo.id: [repo.enabled, repo.priority, repo.gpgcheck, list(repo.baseurl), repo.mirrorlist, repo.metalink]
        for repo in base.repos.values()
    }
json.dump([found, heard], sys.stdout)
"""


def test_dnf_reads_every_golden_file(site: Site) -> None:
    parts = []
    for path in sorted(GOLDEN.iterdir()):
        for part in re.split(r"^# (?=00-sitewright-)", path.read_text(), flags=re.M)[1:]:
            name, _newline, text = part.partition("\n")
            parts.append(f"mkdir -p /root/golden/{path.name}; cat > /root/golden/{path.name}/{name} <<'END'\n{text}END")
    site.on("\n".join(parts))
    site.on(f"cat > /root/parse.py <<'END'\n{PARSE}\nEND")
    found, heard = json.loads(site.on("python3 /root/parse.py"))
    assert heard == []
    assert len(found) == len(list(GOLDEN.iterdir()))
    for name, repositories in found.items():
        enabled = {id_ for id_, repository in repositories.items() if repository[0]}
        assert enabled >= {"osg", "epel"}
        assert repositories["osg"][1] == 98
        assert repositories["epel"][1] == 99
        assert all(any(repository[3:]) for repository in repositories.values())
        if name != "choices":
            assert all(repository[2] for repository in repositories.values())
            assert repositories["osg"][4].endswith(name.rpartition("-")[2])
    assert found["osg25-el10-aarch64"]["epel"][5].endswith("?repo=epel-10&arch=aarch64")
