#!/usr/bin/env python3
"""scripts/summary counts what ran and never calls a failure a success."""

import json
import pathlib
import subprocess
import tempfile
import unittest

SUMMARY = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "summary"


def summary(*runs):
    """(exit code, lines) for a build folder whose tests said this."""
    with tempfile.TemporaryDirectory() as build:
        logs = pathlib.Path(build, "meson-logs")
        logs.mkdir()
        (logs / "testlog.json").write_text("".join(
            json.dumps({"name": "t", "result": result, "stdout": said, "stderr": ""}) + "\n"
            for result, said in runs), encoding="utf-8")
        done = subprocess.run([SUMMARY, build], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()


def summed(*runs):
    code, lines = summary(*runs)
    return code, lines[-1]


class Summary(unittest.TestCase):
    def test_cases_of_googletest_and_unittest_are_counted(self):
        self.assertEqual(summed(("OK", "[  PASSED  ] 7 tests.\n"),
                                ("OK", "Ran 5 tests in 0.1s\n\nOK\n"),
                                ("OK", "Ran 3 tests in 0.1s\n\nOK (skipped=1)\n"),
                                ("OK", "anything")), (0, "15 passed, 0 failed"))

    def test_failed_cases_are_counted_one_by_one(self):
        said = "[  PASSED  ] 7 tests.\n[  FAILED  ] 2 tests, listed below:\n"
        self.assertEqual(summed(("FAIL", said)), (1, "7 passed, 2 failed"))
        said = "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"
        self.assertEqual(summed(("FAIL", said)), (1, "6 passed, 3 failed"))

    def test_a_crash_a_timeout_and_an_empty_run_are_failures(self):
        self.assertEqual(summed(("FAIL", "[ RUN      ] A.B\n")), (1, "0 passed, 1 failed"))
        self.assertEqual(summed(("TIMEOUT", "")), (1, "0 passed, 1 failed"))
        self.assertEqual(summed(), (1, "0 passed, 1 failed"))

    def test_what_was_skipped_is_not_passed(self):
        self.assertEqual(summed(("SKIP", ""), ("OK", "x")), (0, "1 passed, 0 failed"))
        self.assertEqual(summed(("SKIP", "no QEMU")), (1, "0 passed, 0 failed"))

    def test_why_something_failed_or_was_skipped_is_repeated(self):
        said = ("[       OK ] A.Good (1 ms)\na.cpp:7: Failure\nExpected: 1\n"
                "[  FAILED  ] A.Bad (2 ms)\n[  FAILED  ] 1 test, listed below:\n")
        lines = "\n".join(summary(("FAIL", said), ("SKIP", "no QEMU"))[1])
        for line in ("a.cpp:7: Failure", "Expected: 1", "[  FAILED  ] A.Bad (2 ms)", "no QEMU"):
            self.assertIn(line, lines)
        self.assertNotIn("A.Good", lines)
        self.assertIn("the end", "\n".join(summary(("TIMEOUT", "x\nthe end"))[1]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
