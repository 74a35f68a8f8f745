"""The lines under "Install" in README.md install what is then hardened, whole and bounded."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("evenkeel-agent", "evenkeel-plugin-host", "evenkeel-orchestrator", "ek", "ek-plugin")
# What the agent itself needs, whatever its plugins do: to read what it watches, to end a program
# that a plugin left behind, and to mark its own way through the machine's files.
OWN_CAPABILITIES = {"CAP_DAC_READ_SEARCH", "CAP_KILL", "CAP_SYS_ADMIN"}


def commands():
    """The lines of the block under the heading "Install", but for the one that needs a mirror."""
    block = re.search(r"^## Install\n```sh\n(.*?)^```", (ROOT / "README.md").read_text(),
                      re.S | re.M)
    first, *rest = block.group(1).splitlines()
    assert first == "scripts/dependencies --build", first
    return rest


def copy(target):
    """The tree as somebody has it who clones it, with what is not committed yet."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached",
                             "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    shutil.copytree(ROOT / "subprojects/valijson", target / "subprojects/valijson",
                    dirs_exist_ok=True)


def said(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Not under /tmp or /run, which may be small file systems in memory.
        work = tempfile.TemporaryDirectory(dir="/var/tmp")
        cls.addClassCleanup(work.cleanup)
        tree, cls.stage = pathlib.Path(work.name, "tree"), pathlib.Path(work.name, "stage")
        copy(tree)
        for line in commands():
            done = subprocess.run(line.split(), cwd=tree, capture_output=True, text=True,
                                  check=False, env={**os.environ, "DESTDIR": str(cls.stage),
                                                    "CCACHE_BASEDIR": str(tree)})
            assert done.returncode == 0, f"{line}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"

    def objects(self):
        """Every program and plugin that was installed."""
        programs = [self.stage / "usr/bin" / name for name in PROGRAMS]
        plugins = sorted((self.stage / "usr/lib/evenkeel/plugins").glob("*.so"))
        self.assertGreaterEqual(len(plugins), 6)
        return programs + plugins

    def unit(self, name):
        return (self.stage / f"usr/lib/systemd/system/{name}.service").read_text()

    def test_it_is_what_the_hosts_of_the_other_tests_run(self):
        with tempfile.TemporaryDirectory() as other:
            subprocess.run(["meson", "install", "-C", os.environ["EVENKEEL_BUILD"],
                            "--no-rebuild", "--quiet"], check=True,
                           env={**os.environ, "DESTDIR": other})
            listed = [{str(path.relative_to(top)) for path in pathlib.Path(top).rglob("*")}
                      for top in (self.stage, other)]
        self.assertEqual(*listed)

    def test_the_programs_say_their_version(self):
        for name in PROGRAMS:
            with self.subTest(name):
                self.assertRegex(said(self.stage / "usr/bin" / name, "--version"), r"\d+\.\d+\.\d+")

    def test_programs_and_plugins_are_hardened(self):
        for path in self.objects():
            with self.subTest(path.name):
                headers = said("readelf", "--wide", "--file-header", "--segments", "--dynamic",
                               path)
                symbols = said("readelf", "--wide", "--dyn-syms", path)
                self.assertRegex(headers, r"Type:\s+DYN")
                self.assertRegex(headers, "GNU_RELRO")
                self.assertRegex(headers, "BIND_NOW")
                self.assertRegex(headers, r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW ")
                self.assertNotRegex(headers, "TEXTREL|RPATH|RUNPATH")
                self.assertIn("__stack_chk_fail", symbols)
        together = "".join(said("readelf", "--wide", "--dyn-syms", path) for path in self.objects())
        self.assertRegex(together, r"__\w+_chk@", "no call is checked by glibc")

    def test_the_agent_may_do_what_its_plugins_declare_and_no_more(self):
        declared = set(OWN_CAPABILITIES)
        for path in (self.stage / "usr/lib/evenkeel/plugins").glob("*.manifest.json"):
            declared |= set(json.loads(path.read_text())["permissions"]["capabilities"])
        allowed = re.findall(r"^CapabilityBoundingSet=(.*)$", self.unit("evenkeel-agent"), re.M)
        self.assertEqual(set(" ".join(allowed).split()), declared)


if __name__ == "__main__":
    unittest.main(verbosity=2)
