"""Makes the roots that the beds boot, each once, in a cache outside the source tree."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

# The host itself, then what our programs load. The root is of the release this machine runs,
# so that programs built here run there.
PACKAGES = """
    systemd systemd-sysv dbus iproute2 nftables procps
    libboost-url1.81.0 libcurl4 libfmt9 liblmdb0 libqpid-proton-cpp12 libre2-9
    libseccomp2 libsodium23 libspdlog1.10 libssl3 libstdc++6 libsystemd0 libyaml-cpp0.7
""".split()

HOOKS = [
    ': >"$1/etc/machine-id"',
    'chroot "$1" passwd -d root >/dev/null',
    'chroot "$1" useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin evenkeel',
    'chroot "$1" useradd --uid 2001 --create-home alice',
    'chroot "$1" useradd --uid 2002 --create-home bob',
    # Real servers and what they depend on, for hosts to install: see webserver.py and servers.py.
    'mkdir -p "$1/usr/share/debs/partial" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qy '
    '--download-only --no-install-recommends -o Dir::Cache::Archives="$1/usr/share/debs" '
    'install nginx openssh-server sudo && '
    'rm -r "$1/usr/share/debs/partial" "$1/usr/share/debs/lock"',
    # A host in its own network reaches no mirror, and what wakes up by the clock disturbs tests.
    'rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/*',
    'rm -f "$1"/etc/systemd/system/timers.target.wants/*',
    # One journal flush less at boot, and nothing on the upper layer but what the test makes.
    'mkdir -p "$1/etc/systemd/journald.conf.d"',
    'printf "[Journal]\\nStorage=volatile\\n" >"$1/etc/systemd/journald.conf.d/bed.conf"',
]

# A machine of rpm: its release says so, and dpkg's database, by which it was made, counts for
# nothing there. The tools have a machine each, since Debian's packages of them do not agree.
RPM_PACKAGES = {"dnf": ["rpm", "dnf", "dnf-plugins-core"], "zypper": ["rpm", "zypper"]}
RPM_RELEASE = {"dnf": "ID=fedora\\nVERSION_ID=99\\nNAME=Bed",
               "zypper": "ID=opensuse-leap\\nID_LIKE=suse\\nVERSION_ID=99\\nNAME=Bed"}
RPM_HOOKS = {
    "dnf": ['ln -s dnf "$1/usr/bin/yum"',
            # Wants a repository of its own, which is not there.
            'echo "[main]\nenabled=0" >"$1/etc/dnf/plugins/local.conf"',
            'mkdir -p "$1/etc/yum.repos.d" "$1/etc/dnf/vars"; '
            'echo 1 >"$1/etc/dnf/vars/releasever"'],
    "zypper": ['mkdir -p "$1/etc/zypp/repos.d"'],
}


def rpm_hooks(tool):
    return [
        # Debian's rpm keeps its database in the home folder otherwise.
        'mkdir -p "$1/etc/rpm"; echo "%_dbpath /var/lib/rpm" >"$1/etc/rpm/macros.bed"',
        f'printf "{RPM_RELEASE[tool]}\\n" >"$1/usr/lib/os-release"',
        *RPM_HOOKS[tool],
        'chroot "$1" rpm --initdb',
    ]


# A machine of its own: see vm.py. A command reaches it by ssh as root, who has no password there.
VM_PACKAGES = ["linux-image-cloud-amd64", "openssh-server"]
VM_HOOKS = [
    'printf "PermitRootLogin yes\\nPermitEmptyPasswords yes\\nUsePAM no\\nMaxSessions 100\\n" '
    '>"$1/etc/ssh/sshd_config.d/bed.conf"',
    'chroot "$1" systemctl enable --quiet systemd-networkd',
]

# What each kind of root has beside the common packages and hooks.
KINDS = {"debian": ([], []), "vm": (VM_PACKAGES, VM_HOOKS),
         **{tool: (RPM_PACKAGES[tool], rpm_hooks(tool)) for tool in RPM_PACKAGES}}


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


def of(kind):
    """The root of this kind: `debian`, or a machine of rpm with `dnf` or `zypper`, or a `vm`."""
    packages, hooks = KINDS[kind]
    return make(PACKAGES + packages, HOOKS + hooks, f"root-{kind}" if packages else "root")
