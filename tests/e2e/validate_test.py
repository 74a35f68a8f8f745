"""ek-plugin validate finds nothing wrong with the bundled plugins and the examples that work on the
machine itself: each on a real host of its own, in the tool's process and in a process of the
plugin's own. Prints what was skipped, and why."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import time
import unittest

from beds import debs
from beds.lab import Lab
from harness.system import installed
from support import validation

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["EVENKEEL_BUILD"])
FOLDER = "/opt/plugins"
# Each of them waits most of the time.
AT_ONCE = 5


def give_packages(bed):
    """A repository of tiny packages, each in two versions."""
    def fill(pool):
        for suite, version in (("v1", "1.0"), ("v2", "2.0")):
            for name in ("trial", "other", "third", "fourth"):
                debs.make_deb(pool / suite, name, version, {}, {}, {}, None)

    debs.give(bed, "v1", "v2", fill=fill)
    # What takes apt most of its time, and these packages do not need: a Perl that looks for
    # questions, and to ask dpkg for the architecture again and again.
    bed.run("rm", "/etc/apt/apt.conf.d/70debconf")
    architecture = bed.run("dpkg", "--print-architecture").stdout.strip()
    bed.run("tee", "/etc/apt/apt.conf.d/bed", stdin=f'APT::Architectures "{architecture}";\n')


# What a host needs before its plugin can be tried.
PREPARE = {
    # A container may not write there; its network's parameters are its own.
    "sysctl": lambda bed: bed.run("mount", "-o", "remount,bind,rw", "/proc/sys"),
    "packages": give_packages,
}


def lay_down(bed, plugin):
    """The plugin's files, with how it can be tried beside them."""
    there = bed.files / FOLDER[1:]
    there.mkdir(mode=0o755)
    for suffix in ("so", "manifest.json", "sum.json"):
        shutil.copy(BUILD / f"{plugin}.{suffix}", there)
    name = pathlib.Path(plugin).name
    shutil.copy(SOURCE / plugin / f"{name}.validate.json", there)


def try_plugin(bed, plugin):
    """The reports of all modes."""
    name = pathlib.Path(plugin).name
    lay_down(bed, plugin)
    PREPARE.get(name, lambda _: None)(bed)
    reports = []
    for mode, words in validation.MODES.items():
        began = time.monotonic()
        done = bed.run("ek-plugin", "validate", f"{FOLDER}/{name}.so", "--format", "json", *words,
                       check=False, timeout_s=600)
        if not done.stdout:
            raise AssertionError(f"{name} {mode}: {done.stderr}")
        report = json.loads(done.stdout)
        reports.append({**report, "status": done.returncode, "mode": mode,
                        "seconds": time.monotonic() - began})
    return reports


def line_of(name, report):
    counts = ", ".join(f"{many} {what}" for what, many in report["summary"].items())
    skipped = "".join(f"\n    {one['id']} {one['what']}" for one in report["checks"]
                      if one["outcome"] == "skip")
    return f"{name} {report['mode']} ({report['seconds']:.0f} s): {counts}{skipped}"


class Validate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = [pathlib.Path(plugin).name for plugin in validation.ON_A_HOST]
        lab = Lab(installed())
        cls.addClassCleanup(lab.close)
        beds = lab.boot(*(name.replace("_", "-") for name in names))
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            cls.reports = dict(zip(names, pool.map(try_plugin, beds, validation.ON_A_HOST)))
        for name, reports in cls.reports.items():
            print("\n".join(line_of(name, report) for report in reports), flush=True)

    def test_nothing_is_wrong_and_no_skip_lacks_its_reason(self):
        for name, reports in self.reports.items():
            for report in reports:
                with self.subTest(name, mode=report["mode"]):
                    wrong = validation.wrong(report)
                    self.assertEqual((report["status"], wrong), (0, []), "\n".join(wrong))

    def test_each_was_tried_in_every_mode(self):
        for name, reports in self.reports.items():
            with self.subTest(name):
                self.assertEqual(validation.modes_left_out(reports), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
