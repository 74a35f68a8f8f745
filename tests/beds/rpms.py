"""Makes a tiny repository of rpms, for hosts that reach no mirror.

Suite v1 has each package in version 1.0-1, v2 has newer ones of some:

  basefiles  provides what a release and a shell provide
  hello      depends on libhello, has a configuration file; 2.0-1 in v2, with another content of it
  libhello   2.0-1 in v2
  both       for x86_64 and for i686
  failpost   its %post fails while /etc/failpost.fails is there
  failpre    its %pre fails while /etc/failpre.fails is there
  slowpost   its %post says in /run/slowpost that it runs and waits until /run/slowpost.go;
             each run is a line of /run/slowpost.runs; 2.0-1 in v2
  side       says of itself that several versions may be installed, as kernels do; 2.0-1 in v2
  needy      depends on something that no source has
  clash      has a file of libhello
  rival      conflicts with libhello
  many-N     twenty of them
"""

import pathlib
import shutil
import subprocess
import tempfile

from beds.debs import MANY

WAIT = 'echo $$ >>/run/slowpost.runs; echo $$ >/run/slowpost; n=0; ' \
       'while [ ! -e /run/slowpost.go ] && [ $n -lt 3000 ]; do sleep 0.1; n=$((n+1)); done; ' \
       'rm -f /run/slowpost'
SIDE_BY_SIDE = ["Provides: installonlypkg(kernel)", "Provides: multiversion(kernel)"]


def failing(name):
    return f'if [ -e /etc/{name}.fails ]; then echo "{name} says why"; exit 1; fi'


# suite: name, version, tags, further files, configuration files, scripts
RPMS = {
    "v1": [
        ("basefiles", "1.0", ["Provides: system-release = 1", "Provides: /bin/sh",
                              "Provides: distribution-release = 1"], {}, {}, {}),
        ("libhello", "1.0", [], {}, {}, {}),
        ("hello", "1.0", ["Requires: libhello"], {}, {"/etc/hello.conf": "greeting=1.0"}, {}),
        ("failpost", "1.0", [], {}, {}, {"post": failing("failpost")}),
        ("failpre", "1.0", [], {}, {}, {"pre": failing("failpre")}),
        ("slowpost", "1.0", [], {}, {}, {"post": WAIT}),
        ("needy", "1.0", ["Requires: does-not-exist"], {}, {}, {}),
        ("clash", "1.0", [], {"/opt/libhello/VERSION": "no"}, {}, {}),
        ("rival", "1.0", ["Conflicts: libhello"], {}, {}, {}),
        ("side", "1.0", SIDE_BY_SIDE, {}, {}, {}),
        *((name, "1.0", [], {}, {}, {}) for name in MANY),
    ],
    "v2": [
        ("libhello", "2.0", [], {}, {}, {}),
        ("hello", "2.0", ["Requires: libhello >= 2"], {}, {"/etc/hello.conf": "greeting=2.0"}, {}),
        ("slowpost", "2.0", [], {}, {}, {"post": WAIT}),
        ("side", "2.0", SIDE_BY_SIDE, {}, {}, {}),
    ],
}
ARCHITECTURES = [("both", "1.0", [], {}, {}, {})]
HEAD = """Name: {name}
Version: 1.0
Release: 1
Summary: tiny packages
License: MIT
AutoReqProv: no
{tags}
%description
tiny packages
"""


def section(name, version, tags, files, config, scripts):
    """One package of a specification, and the shell lines that make its files."""
    files = {f"/opt/{name}/VERSION": f"{name} {version}", **files}
    lines = [f"%package -n {name}", f"Version: {version}", f"Summary: tiny {name}",
             "AutoReqProv: no", *tags, f"%description -n {name}", f"tiny {name}"]
    for kind, script in scripts.items():
        lines += [f"%{kind} -n {name}", script]
    lines += [f"%files -n {name}", f"/opt/{name}", *(path for path in files if name not in path),
              *(f"%config(noreplace) {path}" for path in config)]
    make = [f"mkdir -p $(dirname %{{buildroot}}{path}); echo '{text}' >%{{buildroot}}{path}"
            for path, text in {**files, **config}.items()]
    return lines, make


def build(folder, packages, target):
    """All of them by one run of rpmbuild, into `folder`."""
    with tempfile.TemporaryDirectory() as work:
        parts = [section(*package) for package in packages]
        lines = [HEAD.format(name="tiny", tags=f"BuildArch: {target}"), "%install",
                 *(line for _, make in parts for line in make),
                 *(line for text, _ in parts for line in text)]
        spec = pathlib.Path(work) / "tiny.spec"
        spec.write_text("\n".join(lines) + "\n", encoding="utf-8")
        defines = {"_topdir": work, "_rpmdir": folder, "_dbpath": f"{work}/db",
                   "_binary_payload": "w1.gzdio", "_build_id_links": "none",
                   "debug_package": "%{nil}"}
        # rpmbuild asks the kernel what it may build for.
        machine = "x86_64" if target == "noarch" else target
        subprocess.run(
            ["setarch", machine, "rpmbuild", "--quiet", "-bb", f"--target={target}",
             *(word for key, value in defines.items() for word in ("--define", f"{key} {value}")),
             str(spec)], check=True, stdout=subprocess.DEVNULL)


def make_repository(folder):
    """Makes the suites in `folder`, which must exist."""
    for suite, packages in RPMS.items():
        there = pathlib.Path(folder) / suite
        there.mkdir()
        # What has a file of another package cannot be of the same specification.
        build(there, [one for one in packages if one[0] != "clash"], "noarch")
        build(there, [one for one in packages if one[0] == "clash"], "noarch")
        if suite == "v1":
            build(there, ARCHITECTURES, "x86_64")
            build(there, ARCHITECTURES, "i686")
        subprocess.run(["createrepo_c", "--quiet", str(there)], check=True)


def give(host, tool, *suites):
    """The host's only sources are these suites, and its lists are those."""
    there = host.files / "srv/rpms"
    if not there.exists():
        # Made beside it: what an overlay shows under a name that was moved is all there at once.
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "rpms"
            made.mkdir()
            make_repository(made)
            shutil.copytree(made, there)
        host.run("rpm", "--install", "/srv/rpms/v1/noarch/basefiles-1.0-1.noarch.rpm")
    sources = "".join(f"[{suite}]\nname={suite}\nbaseurl=file:///srv/rpms/{suite}\ngpgcheck=0\n"
                      "enabled=1\nautorefresh=0\n\n" for suite in suites)
    if tool == "dnf":
        host.run("tee", "/etc/yum.repos.d/bed.repo", stdin=sources)
        host.run("dnf", "-q", "makecache", "--refresh")
    else:
        host.run("tee", "/etc/zypp/repos.d/bed.repo", stdin=sources)
        refresh = ("zypper", "-q", "-n", "--no-gpg-checks", "refresh", "--force")
        # On a busy machine it was seen not to read a file that was there, and to read it next time.
        done = host.run(*refresh, check=False)
        if "Bad input stream" in done.stdout + done.stderr:
            done = host.run(*refresh)
        elif done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
