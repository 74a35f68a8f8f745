"""The base of the end-to-end tests of an agent without an orchestrator: one host for each class."""

import unittest

from beds.lab import Lab
from harness.system import installed, write


class LoneCase(unittest.TestCase):
    """`bed` is the host; its agent has its configuration and is not started."""

    config = "{}"
    kinds = None  # of root, by host: {"alone": "dnf"}
    bed = None

    @classmethod
    def setUpClass(cls):
        lab = Lab(installed(), cls.kinds)
        cls.addClassCleanup(lab.close)
        cls.bed, = lab.boot("alone")
        write(cls.bed, "/etc/evenkeel/agent.json", cls.config)
