"""The release's own nginx, sshd and sudo, in a signed repository for hosts that reach no mirror."""

import shutil

from beds import debs, root


def fill(pool):
    """Puts the packages as they are, with all that they depend on, into pool/v1."""
    for deb in (root.of("debian") / "usr/share/debs").glob("*.deb"):
        shutil.copy(deb, pool / "v1")


def give(host):
    """The host's only source is this repository, and its lists are those."""
    debs.give(host, "v1", fill=fill)
