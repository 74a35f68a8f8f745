"""The commands on the pages of docs/ that are marked to run on a host run there."""

import pathlib
import sys
import unittest

from harness.case import SystemCase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "docs"))
import pages  # noqa: E402


class Docs(SystemCase):
    def test_commands_for_hosts_run(self):
        beds = {"orchestrator": self.system.orchestrator, **self.system.hosts}
        run = 0
        for page, text in pages.pages().items():
            for host, commands in pages.blocks(text):
                if not host:
                    continue
                with self.subTest(page=page.name, commands=commands):
                    beds[host].run("bash", "-euo", "pipefail", "-c", commands)
                    run += 1
        self.assertGreater(run, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
