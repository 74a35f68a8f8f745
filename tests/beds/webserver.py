"""The release's own nginx as a tiny signed repository, for hosts that reach no mirror.

Suite v1 has nginx 1.22.1-9.1 and suite v2 the same as 1.22.1-9.2: the numbers are ours, so that
tests can name them whatever the release holds today.
"""

import pathlib
import shutil
import subprocess
import tempfile

from beds import debs, root

VERSIONS = {"v1": "1.22.1-9.1", "v2": "1.22.1-9.2"}


def renumber(deb, version, pool):
    """The same package under a version of ours."""
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
        control = tree / "DEBIAN/control"
        lines = control.read_text(encoding="utf-8").splitlines()
        control.write_text("".join(f"{renumbered(line, version)}\n" for line in lines),
                           encoding="utf-8")
        subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "--build", tree, pool],
                       check=True, stdout=subprocess.DEVNULL)


def renumbered(line, version):
    if line.startswith("Version: "):
        return f"Version: {version}"
    if line.startswith("Depends: "):
        kept = [one for one in line.removeprefix("Depends: ").split(", ")
                if not one.startswith("nginx-common ")]
        if len(kept) < line.count(",") + 1:
            kept.append(f"nginx-common (= {version})")
        return "Depends: " + ", ".join(kept)
    return line


def fill(pool):
    """Puts the packages of each suite into pool/SUITE."""
    for suite, version in VERSIONS.items():
        for deb in (root.of("debian") / "usr/share/debs").glob("nginx*.deb"):
            renumber(deb, version, pool / suite)


def give(host, *suites):
    """The host's only sources are these suites, and its lists are those."""
    debs.give(host, *suites, fill=fill)
