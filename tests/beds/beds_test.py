"""The beds themselves: what every end-to-end test takes for granted."""

import os
import pathlib
import socket
import subprocess
import sys
import threading
import unittest

from beds.host import PREFIX, hierarchies
from beds.lab import Lab
from support.wait import eventually


class Beds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lab = Lab()
        cls.addClassCleanup(lab.close)
        cls.one, cls.two = lab.boot("one", "two")

    def reach(self, timeout_s=0.3):
        """Whether a connection from host one to a listener on host two comes about."""
        with self.two.network(), socket.create_server(("0.0.0.0", 0)) as listener:
            with self.one.network(), socket.socket() as client:
                client.settimeout(timeout_s)
                return client.connect_ex((self.two.address, listener.getsockname()[1])) == 0

    def test_a_host_runs_systemd_with_no_failed_unit(self):
        self.assertEqual(self.one.run("systemctl", "is-system-running").stdout, "running\n")
        self.assertEqual(self.one.run("cat", "/proc/1/comm").stdout, "systemd\n")

    def test_a_unit_runs_and_its_journal_is_read(self):
        self.one.run("systemd-run", "--unit=hello", "--wait", "echo", "said by a unit")
        self.assertIn("said by a unit", self.one.journal("hello"))

    def test_hosts_reach_each_other_until_the_link_is_cut_and_again_after(self):
        eventually("one reaches two", self.reach, 5)
        self.one.cut_link()
        self.assertFalse(self.reach())
        self.one.restore_link()
        eventually("one reaches two", self.reach, 5)

    def test_files_outlive_a_power_cut_and_the_root_stays_as_it_was(self):
        self.two.run("tee", "/etc/kept", stdin="kept")
        self.two.power_cut()
        self.two.boot()
        self.assertEqual(self.two.run("cat", "/etc/kept").stdout, "kept")
        self.assertFalse(self.one.run("test", "-e", "/etc/kept", check=False).returncode == 0)

    def test_a_command_that_fails_says_its_words(self):
        with self.assertRaisesRegex(RuntimeError, "No such file"):
            self.one.run("cat", "/etc/nothing")


class Lifetime(unittest.TestCase):
    def test_a_closed_lab_frees_its_names(self):
        for _ in range(2):
            lab = Lab()
            host, = lab.boot("again")
            self.assertNotEqual(host.run("test", "-e", "/etc/left", check=False).returncode, 0)
            host.run("touch", "/etc/left")
            lab.close()

    def test_a_killed_lab_leaves_no_process_behind(self):
        bed = pathlib.Path(__file__).with_name("bed")
        code = "from beds.lab import Lab; Lab().boot('x'); print('up', flush=True); " \
               "import signal; signal.pause()"
        outside = {name: value for name, value in os.environ.items() if name != "EVENKEEL_LAB"}
        with subprocess.Popen([bed, "run", sys.executable, "-c", code], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, env=outside) as lab:
            watchdog = threading.Timer(60, lab.kill)
            watchdog.start()
            self.assertEqual(lab.stdout.readline(), "up\n")
            self.assertTrue(inhabitants(lab.pid))
            watchdog.cancel()
            lab.kill()
        eventually("its processes are gone", lambda: not inhabitants(lab.pid))


def inhabitants(owner):
    """The processes in the control groups of a lab."""
    return [pid for tree in hierarchies() for group in tree.glob(f"{PREFIX}{owner}-*")
            for procs in group.rglob("cgroup.procs") for pid in procs.read_text().split()]


if __name__ == "__main__":
    unittest.main(verbosity=2)
