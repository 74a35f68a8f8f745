"""Makes the Debian root that the beds boot, once, in a cache outside the source tree."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

# The host itself, then what our programs load. The root is of the release this machine runs,
# so that programs built here run there.
PACKAGES = """
    systemd systemd-sysv dbus iproute2 procps
    libboost-url1.81.0 libcurl4 libfmt9 liblmdb0 libqpid-proton-cpp12 libre2-9 libsodium23
    libspdlog1.10 libssl3 libstdc++6 libsystemd0
""".split()

HOOKS = [
    ': >"$1/etc/machine-id"',
    'chroot "$1" passwd -d root >/dev/null',
    'chroot "$1" useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin evenkeel',
    'chroot "$1" useradd --uid 2001 --create-home alice',
    'chroot "$1" useradd --uid 2002 --create-home bob',
    # A host in its own network reaches no mirror, and what wakes up by the clock disturbs tests.
    'rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/*',
    'rm -f "$1"/etc/systemd/system/timers.target.wants/*',
    # One journal flush less at boot, and nothing on the upper layer but what the test makes.
    'mkdir -p "$1/etc/systemd/journald.conf.d"',
    'printf "[Journal]\\nStorage=volatile\\n" >"$1/etc/systemd/journald.conf.d/bed.conf"',
]


def cache():
    """The folder for what outlives a run: $EVENKEEL_CACHE or /var/cache/evenkeel."""
    return pathlib.Path(os.environ.get("EVENKEEL_CACHE") or "/var/cache/evenkeel")


def release():
    """The code name of this machine's Debian release."""
    with open("/etc/os-release", encoding="utf-8") as lines:
        fields = dict(line.strip().split("=", 1) for line in lines if "=" in line)
    return fields["VERSION_CODENAME"].strip('"')


def mirror():
    """The address this machine's apt itself takes the release from."""
    rows = subprocess.run(
        ["apt-get", "indextargets", "--format",
         "$(CREATED_BY)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)"],
        check=True, capture_output=True, text=True).stdout.splitlines()
    for row in rows:
        created_by, codename, component, uri = row.split("|")
        if (created_by, codename, component) == ("Packages", release(), "main"):
            return uri
    raise RuntimeError(f"apt knows no index of {release()}: run apt-get update")


def make(packages, hooks, name):
    """The path of a root with these packages; made unless the cache has it. Never write to it."""
    recipe = "\n".join([release(), *packages, *hooks])
    key = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    root = cache() / f"{name}-{key}"
    if root.is_dir():
        return root
    cache().mkdir(parents=True, exist_ok=True)
    with open(cache() / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return root
        half = cache() / f"{name}.half"
        shutil.rmtree(half, ignore_errors=True)
        print(f"making the root {root} (about half a minute, once)", flush=True)
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory",
             "--include=" + ",".join(packages), *(f"--customize-hook={hook}" for hook in hooks),
             release(), str(half), mirror()], check=True)
        half.rename(root)
    return root


def systemd_root():
    """The root that hosts boot from."""
    return make(PACKAGES, HOOKS, "root")
