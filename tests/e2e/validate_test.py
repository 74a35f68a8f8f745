"""The bundled plugins that work on the machine itself pass ek-plugin validate on a real host, in
the tool's process and in one of their own."""

import json
import pathlib
import unittest

from harness.lone import LoneCase
from harness.system import write

PLUGINS = pathlib.Path(__file__).resolve().parents[2] / "plugins"


class Validate(LoneCase):
    def validate(self, name, *arguments):
        settings = (PLUGINS / name / f"{name}.validate.json").read_text()
        write(self.bed, f"/etc/{name}.validate.json", settings)
        done = self.bed.run("ek-plugin", "validate", f"/usr/lib/evenkeel/plugins/{name}.so",
                            "--settings", f"/etc/{name}.validate.json", "--format", "json",
                            *arguments, check=False, timeout_s=400)
        self.assertTrue(done.stdout, done.stderr)
        report = json.loads(done.stdout)
        wrong = [one for one in report["checks"]
                 if one["outcome"] not in ("pass", "skip", "warn")]
        self.assertEqual((done.returncode, wrong), (0, []))
        self.assertTrue(all(one["what"] for one in report["checks"] if one["outcome"] == "skip"))

    def test_groups(self):
        self.validate("groups")

    def test_users(self):
        self.validate("users")

    def test_services(self):
        self.validate("services")


if __name__ == "__main__":
    unittest.main(verbosity=2)
