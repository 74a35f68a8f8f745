#!/usr/bin/python3
"""ek-plugin validate is right itself: a plugin without defect passes every check, and for each hard
check there is a defect that this check finds. Prints the table of both."""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))
from support import validation  # noqa: E402

BUILD = pathlib.Path(os.environ["EVENKEEL_BUILD"])
BAD = BUILD / "tests/conformance/bad"
TOOL = BUILD / "sdk/tool/ek-plugin"
LONGEST_ID = 64  # of the good plugin's schema
Check = collections.namedtuple("Check", "id title hard")


def validate(file, *arguments, defect="", fmt="json"):
    """The exit status and the output."""
    ran = subprocess.run([TOOL, "validate", file, "--format", fmt, *arguments], text=True,
                         env={**os.environ, "EK_DEFECT": defect}, capture_output=True, timeout=300)
    if not ran.stdout:
        raise AssertionError(ran.stderr)
    return ran.returncode, json.loads(ran.stdout) if fmt == "json" else ran.stdout


def all_checks():
    listed = subprocess.run([TOOL, "validate", "--list"], text=True, capture_output=True,
                            check=True)
    found = re.findall(r"^([A-O]\d\d) (.*?)( \(warning\))?$", listed.stdout, re.M)
    return [Check(one, title, not warning) for one, title, warning in found]


class Package:
    """A copy of the good plugin's files, to be spoilt."""

    def __init__(self, folder, name="bad"):
        self.object = pathlib.Path(folder, f"{name}.so")
        self.manifest = self.object.with_suffix(".manifest.json")
        for ending in ("so", "manifest.json", "validate.json"):
            shutil.copy(BAD / f"bad.{ending}", pathlib.Path(folder, f"{name}.{ending}"))
        self.write_sum()

    def write_sum(self):
        subprocess.run([SOURCE / "sdk/plugin-sum", self.object], check=True)

    def patch(self, pattern, after):
        data, found = re.subn(pattern, after, self.object.read_bytes(), count=1)
        assert found == 1, pattern
        self.object.write_bytes(data)

    def declare(self, permission):
        text = self.manifest.read_text()
        self.manifest.write_text(text.replace(f'"{permission}": false', f'"{permission}": true'))
        self.write_sum()

    def machine(self):
        data = bytearray(self.object.read_bytes())
        data[18:20] = b"\x02\x00"  # e_machine: a SPARC
        self.object.write_bytes(data)

    def tiny(self, name):
        shutil.copy(BAD / f"tiny_{name}.so", self.object)


# What is done to the files: what no plugin can do to itself.
FILES = {
    "A01": ("the manifest has no permissions", lambda package: package.manifest.write_text(
        json.dumps({**json.loads(package.manifest.read_text()), "permissions": {}}))),
    "A02": ("another manifest beside it", lambda package: package.manifest.write_text(
        package.manifest.read_text() + " ")),
    "A03": ("the file of another machine", Package.machine),
    "A04": ("a library that is not there", lambda package: package.patch(
        rb"\0libc\.so\.6\0", b"\0libq.so.6\0")),
    "A05": ("one function more is exported", lambda package: package.tiny("exports")),
    "A06": ("a function that nobody has", lambda package: package.tiny("elsewhere")),
    "A07": ("an RPATH of /opt/lib", lambda package: package.tiny("rpath")),
    "A08": ("a stack that can be executed", lambda package: package.tiny("stack")),
    "A09": ("everybody may write it", lambda package: package.object.chmod(0o666)),
    "A10": ("changed after its sum was made", lambda package: package.object.write_bytes(
        package.object.read_bytes() + b"\0")),
    "A11": ("a GNU_UNIQUE symbol", lambda package: package.tiny("unique")),
    "A12": ("needs glibc 2.99", lambda package: package.patch(
        rb"\0GLIBC_2\.\d\d\0", b"\0GLIBC_2.99\0")),
}
# With which build of the plugin a sanitizer finds the defect.
SANITIZED = {"K01": "bad_asan.so", "K02": "bad_asan.so", "K03": "bad_tsan.so"}
# What cannot be tried on the good plugin, and why.
SKIPPED = {"K01": "it was not built with", "K02": "it was not built with",
           "K03": "it was not built with"}


def try_defect(check):
    """What the check says of its own defect: the outcome and the words."""
    with tempfile.TemporaryDirectory() as folder:
        # A plugin in a process of its own knows its name, and not the environment.
        isolated = check.id[0] == "N"
        package = Package(folder, check.id if isolated else "bad")
        file, arguments = package.object, ["--only", check.id, "--timeout", "20"]
        defect = "" if isolated or check.id in FILES else check.id
        if check.id in FILES:
            FILES[check.id][1](package)
        if check.id == "N07":  # the one that needs a permission
            package.declare("spawn")
        if check.id in SANITIZED:
            file = BAD / SANITIZED[check.id]
            arguments += ["--settings", str(BAD / "bad.validate.json")]
        status, report = validate(file, *arguments, defect=defect)
    assert [one["id"] for one in report["checks"]] == [check.id]
    result = report["checks"][0]
    assert status == (1 if result["outcome"] in ("fail", "crash", "hang") else 0), status
    return result["outcome"], result.get("what", "")


class Table(unittest.TestCase):
    def test_each_hard_check_finds_its_defect(self):
        checks = [one for one in all_checks() if one.hard]
        self.assertGreaterEqual(len(checks), 156)
        rows, missing = [], []
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for check, (outcome, what) in zip(checks, pool.map(try_defect, checks)):
                rows.append(f"{check.id}  {outcome:5} {what[:90]}")
                if outcome not in ("fail", "crash", "hang"):
                    missing.append(f"{check.id} {outcome} {what}")
        print("\n".join(["check defect", *rows]))
        self.assertEqual(missing, [], "checks whose defect is not found")


class Clean(unittest.TestCase):
    def test_the_good_plugin_passes_every_check(self):
        status, report = validate(BAD / "bad.so")
        wrong = [one for one in report["checks"] if one["outcome"] not in ("pass", "skip", "warn")]
        self.assertEqual((status, wrong), (0, []))
        self.assertEqual(len(report["checks"]), len(all_checks()))
        for one in report["checks"]:
            if one["outcome"] == "skip":
                self.assertTrue(one["what"], one)
                self.assertTrue(one["id"] in SKIPPED, one)

    def test_sanitizers_find_nothing_in_it(self):
        for file, only in (("bad_asan.so", "K0[12]"), ("bad_tsan.so", "K03")):
            _, report = validate(BAD / file, "--only", only, "--settings",
                                 str(BAD / "bad.validate.json"))
            for one in report["checks"]:
                self.assertEqual(one["outcome"], "pass", one)


class Modes(unittest.TestCase):
    """In the tool's process, and in one of the plugin's own."""

    def test_what_a_scratch_folder_is_enough_for(self):
        for file in validation.ANYWHERE:
            reports = []
            for mode, words in validation.MODES.items():
                with self.subTest(file, mode=mode):
                    # What takes long is tried on the good plugin.
                    status, report = validate(BUILD / f"{file}.so", *words, "--skip", "J14|E11")
                    wrong = validation.wrong(report)
                    self.assertEqual((status, wrong), (0, []), "\n".join(wrong))
                    reports.append(report)
            self.assertEqual(validation.modes_left_out(reports), [], file)

    def test_every_plugin_is_tried_here_or_on_a_host(self):
        known = validation.ANYWHERE + validation.ON_A_HOST
        self.assertEqual(len(known), len(set(known)))
        self.assertEqual(set(known), validation.built(BUILD))

    def test_a_mode_that_is_left_out_is_told(self):
        _, report = validate(BAD / "bad.so", "--only", "D01")
        self.assertEqual(validation.modes_left_out([report, report]), ["in a process of its own"])
        _, report = validate(BAD / "bad.so", "--only", "D01", "--isolated")
        self.assertEqual(validation.modes_left_out([report]), ["in the tool's process"])

    def test_each_mode_tries_the_plugin_where_it_says(self):
        # A defect in the environment is one of this process alone, a defect by name of any.
        with tempfile.TemporaryDirectory() as folder:
            package = Package(folder, "F09")
            for file, defect, words, found in (
                    (BAD / "bad.so", "F09", [], "fail"),
                    (BAD / "bad.so", "F09", ["--isolated"], "pass"),
                    (package.object, "", ["--isolated"], "fail")):
                with self.subTest(file, words=words):
                    _, report = validate(file, "--only", "F09", *words, defect=defect)
                    self.assertEqual(report["checks"][0]["outcome"], found, report)


class Settings(unittest.TestCase):
    """How it can be tried, and what for."""

    def refusal(self, *words):
        done = subprocess.run([TOOL, "validate", BAD / "bad.so", "--only", "B01", *words],
                              text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        return done.stderr

    def test_a_skip_has_a_reason(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"trays": {"skip": {"F09": ""}}}, file)
            file.flush()
            self.assertIn("trays skips F09 and does not say why",
                          self.refusal("--settings", file.name))

    def test_a_plugin_that_starts_programs_may_need_the_network_for_them(self):
        _, report = validate(BAD / "bad.so", "--only", "N04", defect="programs")
        self.assertEqual(report["checks"][0]["outcome"], "pass", report)

    def test_settings_that_are_not_there_are_no_settings(self):
        self.assertIn("/nonexistent.json", self.refusal("--settings", "/nonexistent.json"))

    def test_ids_that_take_no_number_are_enough(self):
        ids = [letter * LONGEST_ID for letter in "abc"]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"trays": {"ids": ids, "config": {"folder": "{scratch}/trays"}}}, file)
            file.flush()
            _, report = validate(BAD / "bad.so", "--only", "D07|E06|F15|L07|N0[127]",
                                 "--settings", file.name)
        for one in report["checks"]:
            self.assertEqual(one["outcome"], "pass", one)

    @unittest.skipIf(os.geteuid() != 0, "who is not root harms the own files only")
    def test_one_that_declares_nothing_cannot_harm_the_machine(self):
        with tempfile.TemporaryDirectory(dir="/run") as folder:
            package, place = Package(folder), pathlib.Path(folder, "trays")
            package.object.with_suffix(".validate.json").write_text(json.dumps(
                {"trays": {"ids": ["breakfast"], "config": {"folder": str(place)}}}))
            _, report = validate(package.object, "--only", "F15")
            self.assertEqual(report["checks"][0]["outcome"], "pass", report)
            declared = package.manifest.read_text()
            package.manifest.write_text(declared.replace('["/var/tmp"]', "[]"))
            package.write_sum()
            before = sorted(pathlib.Path(folder).rglob("*"))
            _, report = validate(package.object, "--only", "F15")
            self.assertIn("Read-only file system", report["checks"][0].get("record", ""))
            self.assertEqual(sorted(pathlib.Path(folder).rglob("*")), before)

    def test_an_author_names_the_target(self):
        for words, outcome in (([], "pass"), (["--target", "GLIBC_2.1"], "fail"),
                               (["--target", "GLIBCXX_3.4.9"], "fail")):
            _, report = validate(BAD / "bad.so", "--only", "A12", *words)
            self.assertEqual(report["checks"][0]["outcome"], outcome, report)
        self.assertRegex(report["checks"][0]["what"], r"^it needs GLIBCXX_3\.4\.\d+, and its "
                         r"target has GLIBCXX_3\.4\.9 at most$")
        with tempfile.TemporaryDirectory() as folder:
            package = Package(folder)
            FILES["A12"][1](package)
            _, report = validate(package.object, "--only", "A12", "--target", "GLIBC_2.99")
            self.assertEqual(report["checks"][0]["outcome"], "pass", report)
        self.assertIn("GLIBC_2.31", self.refusal("--target", "debian"))

    def test_checks_that_meet_at_the_machine_come_one_by_one(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = pathlib.Path(folder, "settings.json")
            settings.write_text(json.dumps(
                {"trays": {"ids": ["breakfast"], "config": {"folder": f"{folder}/trays"}}}))
            status, report = validate(BAD / "bad.so", "--only", "D0[47]|E0[1-6]|F", "--jobs", "8",
                                      "--settings", str(settings))
            self.assertEqual((status, validation.wrong(report)), (0, []))


class Sparing(unittest.TestCase):
    """What takes long is not done over and over."""

    def test_a_slow_collection_is_not_asked_for_thousands_of_changes(self):
        status, report = validate(BAD / "bad.so", "--only", "E11|H07|O04", defect="slow")
        self.assertEqual(status, 0)
        self.assertEqual([one["id"] for one in report["checks"]], ["E11", "H07", "O04"])
        for one in report["checks"]:
            self.assertEqual(one["outcome"], "skip", one)
            self.assertRegex(one["what"], r"\d+ changes would take \d+ s, and a check has \d+ s")

    def test_checks_that_look_at_one_tour_each_judge_their_own_part(self):
        for only, defect in (("L0[1-5]|L0[89]|L1[12]", "L03"), ("L0[1-5]|L0[89]|L1[12]", "L09"),
                             ("K0[7-9]", "K09"), ("F0[1-9]|F10", "F05"), ("L07|M0[1-6]", "M03")):
            with self.subTest(only, defect=defect):
                _, report = validate(BAD / "bad.so", "--only", only, "--jobs", "1", defect=defect)
                failed = [one["id"] for one in report["checks"] if one["outcome"] != "pass"]
                self.assertEqual(failed, [defect], report)

    def test_a_check_that_is_run_alone_takes_the_tour_itself(self):
        _, report = validate(BAD / "bad.so", "--only", "L03", "--in-process", defect="L03")
        self.assertEqual(report["checks"][0]["outcome"], "fail", report)


class Output(unittest.TestCase):
    def test_text_names_the_record_and_how_to_run_it_again(self):
        status, text = validate(BAD / "bad.so", "--only", "F03", defect="F03", fmt="text")
        self.assertEqual(status, 1)
        self.assertRegex(text, r"(?m)^F03  fail  apply makes the changes that were planned$")
        self.assertRegex(text, r"change /color - -> \"grey\"")
        self.assertRegex(text, r"again: ek-plugin validate \S+/bad.so --only F03 --in-process")
        self.assertRegex(text, r"1 failed \(F03\)")

    def test_junit_is_xml_with_a_suite_for_each_group(self):
        _, text = validate(BAD / "bad.so", "--only", "B|C", defect="B06", fmt="junit")
        suites = xml.etree.ElementTree.fromstring(text)
        self.assertEqual([one.get("failures") for one in suites], ["1", "0"])

    def test_a_hang_and_an_exit_are_named(self):
        _, report = validate(BAD / "bad.so", "--only", "D10", "--timeout", "1", defect="D10")
        self.assertEqual(report["checks"][0]["outcome"], "hang")
        _, report = validate(BAD / "bad.so", "--only", "F09", defect="L07")
        self.assertEqual(report["checks"][0]["outcome"], "crash")
        self.assertIn("exit status 0", report["checks"][0]["what"])

    def test_what_an_apply_leaves_is_found(self):
        for defect, words in (("descriptors", "20 descriptors, the last is /dev/null"),
                              ("memory", "KiB on the heap")):
            _, report = validate(BAD / "bad.so", "--only", "D05", defect=defect)
            self.assertEqual(report["checks"][0]["outcome"], "fail", report)
            self.assertIn("20 times apply and remove leave", report["checks"][0]["what"])
            self.assertIn(words, report["checks"][0]["what"])

    def test_the_same_is_told_once(self):
        _, text = validate(BAD / "bad.so", "--only", "D01|E0[1-3]", defect="D01", fmt="text")
        self.assertEqual(text.count("  as D01\n"), 3, text)

    def test_patterns_choose_checks(self):
        before_the_file = subprocess.run([TOOL, "validate", "--only", "B01", BAD / "bad.so"],
                                         text=True, capture_output=True)
        self.assertIn("1 passed", before_the_file.stdout, before_the_file.stderr)
        _, report = validate(BAD / "bad.so", "--only", "B0[1-3]", "--only", "C", "--skip", "C0.")
        self.assertEqual([one["id"] for one in report["checks"]],
                         ["B01", "B02", "B03", "C10", "C11", "C12"])


class Page(unittest.TestCase):
    def test_the_page_has_every_check(self):
        page = (SOURCE / "docs/plugin-checks.md").read_text()
        rows = re.findall(r"(?m)^\| ([A-O]\d\d) \| (.*?) \|", page)
        self.assertEqual(rows, [(one.id, one.title) for one in all_checks()])


if __name__ == "__main__":
    unittest.main(verbosity=2)
