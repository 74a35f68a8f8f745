"""Makes a tiny signed apt repository, for hosts that reach no mirror.

Suite v1 has each package in version 1.0, v2 has newer ones of some:

  hello      depends on libhello, has a configuration file; 2.0 in v2, with another content of it
  libhello   2.0 in v2
  failpost   its postinst fails while /etc/failpost.fails is there
  slowpost   its postinst says in /run/slowpost that it runs and waits until /run/slowpost.go
  needy      depends on something that no source has
  clash      has a file of libhello
  rival      conflicts with libhello
  asks       a question of debconf's; the answer is in /opt/asks/name
  svc        its postinst starts svc.service
  many-1..20 nothing special
"""

import pathlib
import shutil
import subprocess
import tempfile

WAIT = 'echo $$ >/run/slowpost; n=0; while [ ! -e /run/slowpost.go ] && [ $n -lt 3000 ]; do ' \
       'sleep 0.1; n=$((n+1)); done; rm -f /run/slowpost'

ASKS = {
    "/DEBIAN/templates": "Template: asks/name\nType: string\nDefault: nobody\nDescription: Who?\n",
    "/DEBIAN/config": "#!/bin/sh\n. /usr/share/debconf/confmodule\n"
                      "db_input critical asks/name || true\ndb_go || true\n",
}
ASKED = ". /usr/share/debconf/confmodule; db_get asks/name; echo $RET >/opt/asks/name"
UNIT = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
MANY = [f"many-{number}" for number in range(1, 21)]

# suite, name, version, further control fields, files, configuration files, postinst
DEBS = [
    ("v1", "libhello", "1.0", {}, {}, {}, None),
    ("v1", "hello", "1.0", {"Depends": "libhello"}, {}, {"/etc/hello.conf": "greeting=1.0\n"},
     None),
    ("v1", "failpost", "1.0", {}, {}, {},
     'if [ -e /etc/failpost.fails ]; then echo "failpost says why"; exit 1; fi'),
    ("v1", "slowpost", "1.0", {}, {}, {}, WAIT),
    ("v1", "needy", "1.0", {"Depends": "does-not-exist"}, {}, {}, None),
    ("v1", "clash", "1.0", {}, {"/opt/libhello/VERSION": "no\n"}, {}, None),
    ("v1", "rival", "1.0", {"Conflicts": "libhello"}, {}, {}, None),
    ("v1", "asks", "1.0", {"Depends": "debconf"}, ASKS, {}, ASKED),
    ("v1", "svc", "1.0", {}, {"/lib/systemd/system/svc.service": UNIT}, {},
     "systemctl daemon-reload; systemctl enable --now svc.service"),
    *(("v1", name, "1.0", {}, {}, {}, None) for name in MANY),
    ("v2", "libhello", "2.0", {}, {}, {}, None),
    ("v2", "hello", "2.0", {"Depends": "libhello (>= 2)"}, {},
     {"/etc/hello.conf": "greeting=2.0\n"}, None),
]


def put(tree, path, text):
    target = tree / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o755 if text.startswith("#!") else 0o644)


def make_deb(pool, name, version, control, files, conffiles, postinst):
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        tree.chmod(0o755)
        fields = {"Package": name, "Version": version, "Architecture": "all",
                  "Maintainer": "Bed <bed@example.org>", "Description": f"tiny {name}", **control}
        put(tree, "DEBIAN/control", "".join(f"{key}: {fields[key]}\n" for key in fields))
        put(tree, f"/opt/{name}/VERSION", f"{name} {version}\n")
        for path, text in {**files, **conffiles}.items():
            put(tree, path, text)
        if conffiles:
            put(tree, "DEBIAN/conffiles", "".join(f"{path}\n" for path in conffiles))
        if postinst:
            put(tree, "DEBIAN/postinst", f"#!/bin/sh\nset -e\n{postinst}\n")
        subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "--build", folder, str(pool)],
                       check=True, stdout=subprocess.DEVNULL)


def make_suite(repository, suite, architecture, keys):
    """The indexes over pool/SUITE, and their signature."""
    packages = subprocess.run(["apt-ftparchive", "packages", f"pool/{suite}"], cwd=repository,
                              check=True, capture_output=True, text=True).stdout
    for each in ("all", architecture):
        put(repository, f"dists/{suite}/main/binary-{each}/Packages", packages)
    says = {"Suite": suite, "Codename": suite, "Origin": "bed", "Components": "main",
            "Architectures": f"{architecture} all"}
    options = [word for key, value in says.items()
               for word in ("-o", f"APT::FTPArchive::Release::{key}={value}")]
    release = subprocess.run(["apt-ftparchive", *options, "release", f"dists/{suite}"],
                             cwd=repository, check=True, capture_output=True, text=True).stdout
    put(repository, f"dists/{suite}/Release", release)
    subprocess.run(["gpg", "--homedir", keys, "--batch", "--quiet", "--yes", "--clearsign",
                    "-o", f"dists/{suite}/InRelease", f"dists/{suite}/Release"],
                   cwd=repository, check=True)


def fill_with_tiny(pool):
    """Puts the packages of each suite into pool/SUITE."""
    for suite, *deb in DEBS:
        make_deb(pool / suite, *deb)


def make_repository(folder, fill=fill_with_tiny):
    """Makes it in `folder`, which must not exist; the key is key.gpg."""
    repository = pathlib.Path(folder)
    for suite in ("v1", "v2"):
        (repository / "pool" / suite).mkdir(parents=True)
    fill(repository / "pool")
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True,
                                  capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as keys:
        gpg = ["gpg", "--homedir", keys, "--batch", "--quiet"]
        subprocess.run([*gpg, "--passphrase", "", "--quick-gen-key", "bed <bed@example.org>",
                        "ed25519", "sign"], check=True, stderr=subprocess.DEVNULL)
        with open(repository / "key.gpg", "wb") as key:
            subprocess.run([*gpg, "--export"], check=True, stdout=key)
        for suite in ("v1", "v2"):
            make_suite(repository, suite, architecture, keys)
        subprocess.run(["gpgconf", "--homedir", keys, "--kill", "all"], check=True)


def give(host, *suites, fill=fill_with_tiny):
    """The host's only sources are these suites, and its lists are those."""
    there = host.files / "srv/debs"
    if not there.exists():
        # Made beside it: what an overlay shows under a name that was moved is all there at once.
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "debs"
            make_repository(made, fill)
            shutil.copytree(made, there)
    lines = [f"deb [signed-by=/srv/debs/key.gpg] file:///srv/debs {suite} main\n"
             for suite in suites]
    host.run("tee", "/etc/apt/sources.list", stdin="".join(lines))
    host.run("apt-get", "-q", "update")
