"""Every field of every collection: its plan writes nothing, an apply does what was planned and a
second one nothing, drift is seen by an event and repaired, and what is left out stays as it is.

With EVENKEEL_PLUGINS=FOLDER, `Properties` tries the plugins in FOLDER instead of the bundled ones.
"""

import os
import unittest

from properties import table
from properties.case import PropertyCase

SILENT_SECONDS = 2  # for events that never come
PLANTED = os.path.join(os.environ.get("EVENKEEL_BUILD", ""), "tests/support/plugins")


class Properties(PropertyCase):
    outside = os.environ.get("EVENKEEL_PLUGINS")
    # A plan says that a file cannot be changed where the file system is read-only, so the ids of
    # files and directories lie where it is not, and the trace has to suffice.
    spared = ["/srv"]

    def test_every_field_of_every_collection(self):
        self.try_all(self.collections())


class PlantedDefects(PropertyCase):
    """The suite finds what it is for: a collection for each promise, which breaks that one."""

    outside = PLANTED
    failing = {"sound": set(), "writes": {"pure"}, "lies": {"as planned"},
               "restless": {"idempotent", "omitted"}, "deaf": {"event", "repaired", "omitted"},
               "grasping": {"omitted"}, "boastful": {"idempotent", "quiet",
                             "event", "repaired", "omitted"}}

    def test_each_broken_promise_is_found(self):
        for name, failing in self.failing.items():
            with self.subTest(name):
                suite = self.suite(*[SILENT_SECONDS] * ("event" in failing))
                rows = suite.rows(self.collection(name))
                self.assertEqual({one for row in rows for one in row.failed()}, failing,
                                 table.text(rows))

    def test_a_field_without_two_values_fails_unless_its_setting_says_why(self):
        collection = self.collection("sound")
        del collection.properties["text"]["examples"]
        rows = {row.field: row for row in self.suite().rows(collection)}
        self.assertEqual(rows["text"].failed(), list(table.PROPERTIES))
        self.assertEqual(rows["color"].failed(), [])

    def test_every_kind_of_writing_is_found_in_a_plan(self):
        for argv, said in [(["touch", "/srv/x"], "openat of /srv/x"),
                           (["chmod", "0644", "/etc/motd"], "fchmodat of /etc/motd"),
                           (["mkdir", "/etc/new"], "mkdir of /etc/new"),
                           (["systemctl", "daemon-reload"], "calls Reload over D-Bus"),
                           (["systemctl", "start", "dbus"], "calls StartUnit over D-Bus"),
                           (["hostname", "x"], "sethostname("),
                           (["kill", "-HUP", "1"], "kill(1"),
                           (["logger", "x"], "bytes to UNIX")]:
            with self.subTest(argv):
                offences, _ = self.stranger.run_sealed(*argv)
                self.assertTrue(any(said in one for one in offences), offences)
        self.assertFalse((self.bed.files / "srv/x").exists(), "nothing could be written")
        for argv in (["systemctl", "status", "dbus"], ["cat", "/etc/shadow"], ["mkdir", "/etc"],
                     ["sh", "-c", "sleep 60 >/dev/null & kill $!"]):
            with self.subTest(argv):
                self.assertEqual(self.stranger.run_sealed(*argv)[0], [])


class Swept(PropertyCase):
    outside = PLANTED
    sweep = "1s"

    def test_drift_that_only_the_sweep_finds_is_no_event(self):
        rows = self.suite().rows(self.collection("deaf"))
        self.assertEqual({one for row in rows for one in row.failed()}, {"event", "omitted"},
                         table.text(rows))
        self.assertIn("seen by sweep", table.text(rows))


if __name__ == "__main__":
    unittest.main(verbosity=2)
