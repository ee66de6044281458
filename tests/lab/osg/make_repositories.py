# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the repositories of an EL 9 site below /srv/mirror, signed with a key that is made here.

Names, provides and requires are those of the real packages as far as they matter to the resolver; there is nothing in
them. A source is a name, a version, a release, and its packages, each with what it requires (>) and provides (<).
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MIRROR = Path("/srv/mirror")
WORK = Path("/var/tmp/packages")
KEYS = MIRROR / "keys"

CONDOR = {
    "condor": "> scitokens-cpp",
    "condor-kbdd": "> condor",
    "condor-vm-gahp": "> condor",
    "condor-upgrade-checks": "> condor",
    "minicondor": "> condor",
    "python3-condor": "",
}
XROOTD = {
    "xrootd": "> xrootd-server",
    "xrootd-libs": "",
    "xrootd-client-libs": "> xrootd-libs",
    "xrootd-client": "> xrootd-client-libs < /usr/bin/xrdcp",
    "xrootd-server-libs": "> xrootd-libs",
    "xrootd-server": "> xrootd-server-libs xrootd-client",
    "python3-xrootd": "> xrootd-client-libs",
}
WN_CLIENT = (
    "> /usr/bin/xrdcp /usr/bin/curl /usr/bin/ldapsearch /usr/bin/wget grid-certificates fetch-crl "
    "osg-system-profiler stashcp vo-client "
)
GFAL2 = {
    "gfal2": "",
    "gfal2-plugin-http": "> gfal2 davix-libs",
    "gfal2-plugin-file": "> gfal2",
    "gfal2-plugin-xrootd": "> gfal2 xrootd-client-libs",
}
GLOBUS = [
    "common", "gsi-callback", "gsi-cert-utils", "gsi-credential", "gsi-openssl-error", "gsi-proxy-core",
    "gsi-proxy-ssl", "gsi-sysconfig", "gss-assist", "gssapi-gsi", "openssl-module", "proxy-utils",
]  # fmt: skip


def osg(series: int, client: str, condor: str, xrootd: str, extra: list) -> list:
    """Return the sources of a series of OSG."""
    tag = f"osg{series}.el9"
    return [
        ("osg-wn-client", str(series), f"1.{tag}", {"osg-wn-client": WN_CLIENT + client}),
        ("osg-ca-certs", "1.136", f"1.{tag}", {"osg-ca-certs": "< grid-certificates=8"}),
        ("igtf-ca-certs", "1.136", f"1.{tag}", {"igtf-ca-certs": "< grid-certificates=8"}),
        ("osg-system-profiler", "1.7.0", f"1.{tag}", {"osg-system-profiler": ""}),
        ("pelican", "7.11.7", f"1.{tag}", {"pelican": "", "pelican-osdf-compat": "> pelican < stashcp"}),
        ("vo-client", "139", f"1.{tag}", {"vo-client": "", "osg-vo-map": "> vo-client"}),
        ("scitokens-cpp", "1.1.3", f"1.{tag}", {"scitokens-cpp": ""}),
        ("cvmfs", "2.12.7", f"1.{tag}", {"cvmfs": "", "cvmfs-libs": ""}),
        ("cvmfs-config-osg", "2.5", f"3.{tag}", {"cvmfs-config-osg": "> cvmfs"}),
        ("osg-oasis", "23", f"1.{tag}", {"osg-oasis": "> cvmfs cvmfs-config-osg"}),
        ("condor", condor, f"1.{tag}", CONDOR),
        ("xrootd", xrootd, f"1.{tag}", XROOTD),
        ("osg-release", str(series), f"4.{tag}", {"osg-release": ""}),
        *((name, version, f"{release}.{tag}", packages) for name, version, release, packages in extra),
    ]


EPEL = [
    ("voms", "2.1.0", "1.el9", {"voms": "", "voms-clients-cpp": "> voms", "voms-doc": ""}),
    ("gfal2", "2.23.0", "1.el9", GFAL2),
    ("python-gfal2", "1.13.0", "1.el9", {"python3-gfal2": "> gfal2"}),
    ("gfal2-util", "1.9.0", "1.el9", {"gfal2-util-scripts": "", "python3-gfal2-util": "> python3-gfal2"}),
    ("davix", "0.8.7", "1.el9", {"davix": "> davix-libs", "davix-libs": ""}),
    ("fetch-crl", "3.0.23", "1.el9", {"fetch-crl": ""}),
    ("oidc-agent", "5.2.3", "1.el9", {"oidc-agent": "> oidc-agent-cli", "oidc-agent-cli": ""}),
    ("openbao", "2.2.0", "1.el9", {"openbao": ""}),
    ("scitokens-cpp", "1.1.2", "1.el9", {"scitokens-cpp": ""}),
    # Higher versions than OSG has, and a package more.
    ("condor", "26.1.0", "1.el9", {**CONDOR, "condor-classads": ""}),
    ("xrootd", "5.9.0", "1.el9", {**XROOTD, "xrootd-selinux": "", "xrootd-voms": "> xrootd voms"}),
    *((f"globus-{name}", "18.14", "1.el9", {f"globus-{name}": ""}) for name in GLOBUS),
]
MODULES = """\
---
document: modulemd
version: 2
data:
  name: openbao
  stream: "3"
  version: 1
  context: deadbeef
  arch: x86_64
  summary: A module
  description: A module
  license: {module: [MIT]}
  artifacts:
    rpms: [openbao-0:3.0.0-1.module.el9.noarch]
...
"""
REPOSITORIES = {
    "baseos/9/x86_64": [
        ("curl", "7.76.1", "1.el9", {"curl": "< /usr/bin/curl"}),
        ("wget", "1.21.1", "1.el9", {"wget": "< /usr/bin/wget"}),
        ("openldap", "2.6.8", "1.el9", {"openldap": "", "openldap-clients": "> openldap < /usr/bin/ldapsearch"}),
    ],
    "crb/9/x86_64": [("gtest", "1.11.0", "2.el9", {"gtest": "", "gtest-devel": "> gtest"})],
    "osg/24-main/el9/release/x86_64": osg(
        24,
        "voms-clients-cpp gfal2 python3-gfal2-util gfal2-plugin-http gfal2-plugin-file gfal2-plugin-xrootd",
        "24.0.12",
        "5.8.4",
        # What OSG 25 leaves to EPEL, in a version that is higher there.
        [("oidc-agent", "5.9.9", "1", {"oidc-agent": "> oidc-agent-cli", "oidc-agent-cli": ""})],
    ),
    "osg/25-main/el9/release/x86_64": osg(
        25,
        "voms-clients-cpp gfal2 python3-gfal2-util gfal2-plugin-http gfal2-plugin-file gfal2-plugin-xrootd",
        "25.0.3",
        "5.8.4",
        [
            ("osg-globus", "18.13", "1", {f"globus-{name}": "" for name in GLOBUS}),
            ("osg-configure", "4.3.2", "1", {"osg-configure": ""}),
        ],
    ),
    "osg/25-main/el9/testing/x86_64": [("vo-client", "140", "1.osg25.el9", {"vo-client": "", "osg-vo-map": ""})],
    "osg/25-empty/el9/x86_64": [
        ("empty-ca-certs", "1.0", "1.osg25.el9", {"empty-ca-certs": "< grid-certificates=9"}),
        ("empty-condor", "1.0", "1.osg25.el9", {"empty-condor": "< condor=99"}),
    ],
    "epel/9/Everything/x86_64": [*EPEL, ("openbao", "3.0.0", "1.module.el9", {"openbao": ""})],
    "epel/testing/9/Everything/x86_64": [
        (f"globus-{name}", "18.15", "1.el9", {f"globus-{name}": ""}) for name in GLOBUS
    ],
    "htcondor/25.0/el9/x86_64/release": [("condor", "25.0.4", "1.el9", CONDOR)],
    "site/9/x86_64": [
        ("site-tools", "1.0", "1", {"site-tools": ""}),
        ("site-unsigned", "1.0", "1", {"site-unsigned": ""}),
        ("site-stranger", "1.0", "1", {"site-stranger": ""}),
    ],
}
# The packaged files of repositories, as they come with these packages: what a run has to stand up to.
PACKAGED = """\
[osg]
name=OSG packaged
baseurl=http://127.0.0.1:8080/osg/24-main/el9/release/$basearch
enabled=1
priority=98
gpgcheck=0
"""


def write_spec(place: Path, name: str, version: str, release: str, packages: dict) -> Path:
    """Write the spec of a source, and return its path."""
    own = name in packages
    lines = [
        f"Name: {name}",
        f"Version: {version}",
        f"Release: {release}",
        "Summary: A package for tests",
        "License: MIT",
        "BuildArch: noarch",
    ]
    sections: list[str] = []
    for package, relations in packages.items():
        if package != name:
            lines += [f"%package -n {package}", "Summary: A package for tests"]
        for part in relations.replace("<", "\n<").splitlines():
            word = "Provides" if part.startswith("<") else "Requires"
            lines += [f"{word}: {item.replace('=', ' = ')}" for item in part.strip("<> ").split()]
        lines += [f"%description{'' if package == name else f' -n {package}'}", "Nothing is in it."]
        path = f"/etc/yum.repos.d/{'osg.repo'}" if package == "osg-release" else None
        files = f"%files{'' if package == name else f' -n {package}'}"
        sections += [files, f"%config(noreplace) {path}" if path else ""]
    if not own:
        lines += ["%description", "Nothing is in it."]
    if name == "osg-release":
        text = f"# {version}-{release}\n{PACKAGED}"
        sections = [
            "%install",
            "mkdir -p %{buildroot}/etc/yum.repos.d",
            f"cat > %{{buildroot}}/etc/yum.repos.d/osg.repo <<'END'\n{text}END",
            *sections,
        ]
    spec = place / f"{name}-{version}.spec"
    spec.write_text("\n".join([*lines, *sections]) + "\n")
    return spec


def run(*argv: str) -> str:
    """Run a command, which has to succeed, and return what it printed."""
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{argv}: {done.stdout[-3000:]}")
    return done.stdout


def build(place: str, source: tuple) -> None:
    """Build the packages of a source into their repository."""
    target = MIRROR / place
    target.mkdir(parents=True, exist_ok=True)
    top = WORK / place.replace("/", "_") / f"{source[0]}-{source[1]}"
    top.mkdir(parents=True, exist_ok=True)
    run(
        "rpmbuild", "-bb", "--quiet", "--target", "noarch", "--define", f"_topdir {top}", "--define",
        f"_rpmdir {target}", "--define", "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
        "--define", "_build_id_links none", str(write_spec(top, *source)),
    )  # fmt: skip


def make_key(name: str) -> str:
    """Make a key, export its public half, and return its fingerprint."""
    run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", name, "rsa3072", "sign", "0")
    KEYS.mkdir(parents=True, exist_ok=True)
    (KEYS / name).write_text(run("gpg", "--batch", "--armor", "--export", name))
    listed = run("gpg", "--batch", "--with-colons", "--fingerprint", name).splitlines()
    fingerprint = next(line for line in listed if line.startswith("fpr")).split(":")[9]
    (KEYS / f"{name}.fingerprint").write_text(fingerprint)
    return fingerprint


def sign(name: str, packages: list[Path]) -> None:
    """Sign packages with a key."""
    run("rpmsign", "--define", f"_gpg_name {name}", "--addsign", *map(str, packages))


def main() -> None:
    os.environ["GNUPGHOME"] = "/root/gnupg"
    Path("/root/gnupg").mkdir(mode=0o700, exist_ok=True)
    for name in ("lab", "stranger"):
        make_key(name)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: build(*one), [(place, one) for place, all_ in REPOSITORIES.items() for one in all_]))
    packages = sorted(MIRROR.rglob("*.rpm"))
    sign("lab", [path for path in packages if not path.name.startswith(("site-unsigned", "site-stranger"))])
    sign("stranger", [path for path in packages if path.name.startswith("site-stranger")])
    for place in REPOSITORIES:
        run("createrepo_c", "--quiet", str(MIRROR / place))
    modules = WORK / "modules.yaml"
    modules.write_text(MODULES)
    run("modifyrepo_c", "--mdtype=modules", str(modules), str(MIRROR / "epel/9/Everything/x86_64/repodata"))


if __name__ == "__main__":
    main()
