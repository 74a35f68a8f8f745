"""What is changed behind Evenkeel's back is told at once, field by field, and repaired if asked."""

import hashlib
import unittest

from harness.case import SystemCase
from harness.system import write



def digest(text):
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "size": len(text)}


# name, collection, description, command that tampers, the field told
TAMPERING = [
    ("content", "files", {"content": "good\n"}, "echo bad >{}",
     {"path": "/content", "expected": digest("good\n"), "actual": digest("bad\n")}),
    ("huge", "files", {"content": "good\n"}, "truncate --size 1T {}",
     {"path": "/content", "expected": digest("good\n"),
      "actual": {"sha256": None, "size": 1 << 40}}),
    ("mode", "files", {"content": "x", "mode": "0600"}, "chmod 0666 {}",
     {"path": "/mode", "expected": "0600", "actual": "0666"}),
    ("owner", "files", {"content": "x", "owner": "alice"}, "chown bob {}",
     {"path": "/owner", "expected": "alice", "actual": "bob"}),
    ("group", "files", {"content": "x", "group": "alice"}, "chgrp bob {}",
     {"path": "/group", "expected": "alice", "actual": "bob"}),
    ("target", "files", {"type": "symlink", "target": "here"}, "ln -sfn there {}",
     {"path": "/target", "expected": "here", "actual": "there"}),
    ("existence", "files", {"content": "x"}, "rm {}",
     {"path": "/ensure", "expected": "present", "actual": "absent"}),
    ("folder-mode", "directories", {"mode": "0755"}, "chmod 0777 {}",
     {"path": "/mode", "expected": "0755", "actual": "0777"}),
    ("folder-existence", "directories", {"mode": "0755"}, "rmdir {}",
     {"path": "/ensure", "expected": "present", "actual": "absent"}),
    ("replaced", "files", {"content": "good\n"}, "echo bad >{0}.new; mv {0}.new {0}",
     {"path": "/content", "expected": digest("good\n"), "actual": digest("bad\n")}),
]


class Drift(SystemCase):
    def sh(self, command):
        return self.bed().run("sh", "-c", command).stdout

    def tamper(self, command, rid):
        """Runs the command and returns where to look for events from."""
        since = self.events.mark()
        self.sh(command.format(rid))
        return since

    def still_only(self, expected, collection, rid, since):
        """Nothing follows what was seen."""
        self.await_all_events()
        self.assertEqual(self.resource_events(collection, rid, since), expected)

    def test_reported_drift_names_the_field_and_leaves_the_machine_alone(self):
        for name, collection, description, command, field in TAMPERING:
            with self.subTest(name):
                rid = f"/srv/report-{name}"
                self.put_done(collection, rid, description)
                since = self.tamper(command, rid)
                event = self.wait_event("resource.drifted", collection, rid, since)
                self.assertEqual(event["data"]["compliance"]["fields"], [field])
                self.assertEqual(event["data"]["compliance"]["seen_by"], "event")
                told = self.compliance(collection, rid)
                self.assertEqual((told["status"], told["fields"]), ("drifted", [field]))
        self.await_all_events()
        for name, collection, *_ in TAMPERING:
            with self.subTest(name):
                self.assertEqual(
                    self.resource_events(collection, f"/srv/report-{name}").count("drifted"), 1)

    def test_enforced_drift_is_repaired_and_both_are_told_once(self):
        marks = {}
        for name, collection, description, command, field in TAMPERING:
            with self.subTest(name):
                rid = f"/srv/enforce-{name}"
                self.put_done(collection, rid, description, "enforce")
                before = self.sh(f"stat -c '%F %a %U %G %N' {rid}")
                since = self.tamper(command, rid)
                marks[name] = since
                drifted = self.wait_event("resource.drifted", collection, rid, since)
                self.assertEqual(drifted["data"]["compliance"]["fields"], [field])
                repaired = self.wait_event("resource.repaired", collection, rid, since)
                self.assertEqual(repaired["data"]["compliance"]["status"], "compliant")
                self.assertTrue(repaired["data"]["changes"])
                self.assertEqual(self.sh(f"stat -c '%F %a %U %G %N' {rid}"), before)
                if content := description.get("content"):
                    self.assertEqual(self.read(rid), content)
                self.assertEqual(self.compliance(collection, rid)["status"], "compliant")
        self.await_all_events()
        for name, collection, *_ in TAMPERING:
            with self.subTest(name):
                self.assertEqual(self.resource_events(collection, f"/srv/enforce-{name}",
                                                      marks[name]), ["drifted", "repaired"])

    def test_drift_that_somebody_puts_right_is_restored_not_repaired(self):
        rid = "/srv/put-right"
        self.put_done("files", rid, {"content": "good\n"})
        since = self.tamper("echo bad >{}", rid)
        self.wait_event("resource.drifted", "files", rid, since)
        self.sh(f"echo good >{rid}")
        self.wait_event("resource.restored", "files", rid, since)
        self.still_only(["drifted", "restored"], "files", rid, since)

    def test_what_changes_no_described_field_is_not_drift(self):
        rid = "/srv/untouched"
        self.put_done("files", rid, {"content": "same\n", "mode": "0644"})
        since = self.events.mark()
        self.sh(f"touch {rid}; echo same >{rid}; cp {rid} {rid}.new; mv {rid}.new {rid};"
                f"chown bob {rid}; chmod 0644 {rid}; echo x >{rid}.other")
        self.still_only([], "files", rid, since)
        self.assertEqual(self.compliance("files", rid)["status"], "compliant")

    def test_a_write_in_progress_is_judged_when_it_is_finished(self):
        rid = "/srv/slow-writer"
        self.put_done("files", rid, {"content": "same\n"})
        since = self.events.mark()
        self.sh(f"exec 3>{rid}; printf sa >&3; sleep 0.3; printf 'me\\n' >&3; exec 3>&-")
        self.still_only([], "files", rid, since)

    def test_a_huge_file_makes_no_other_wait(self):
        self.put_done("files", "/srv/huge", {"mode": "0600"}, "enforce")
        since = self.tamper("truncate --size 1T {0}; chmod 0666 {0}", "/srv/huge")
        self.wait_event("resource.repaired", "files", "/srv/huge", since)
        self.put_done("files", "/srv/other", {"content": "good\n"})
        self.wait_compliance("compliant", "files", "/srv/other")
        state = self.rest.resource("web", "files", "/srv/huge")["state"]
        self.assertEqual((state["size"], state["sha256"]), (1 << 40, None))
        self.bed().run("rm", "/srv/huge")

    def test_audit_compares_and_never_writes(self):
        rid = "/srv/audited"
        write(self.bed(), rid, "as found\n")
        before = self.sh(f"stat -c '%i %z' {rid}")
        reply = self.rest.put("web", "files", rid, {"content": "as wished\n"}, "audit")
        self.assertEqual((reply.status, reply.body["state"]), (200, "succeeded"), reply)
        changes = reply.body["resources"][0]["changes"]
        self.assertEqual([(one["path"], one["outcome"]) for one in changes],
                         [("/content", "planned")])
        self.assertEqual(self.compliance("files", rid)["status"], "drifted")
        self.assertEqual(self.sh(f"stat -c '%i %z' {rid}"), before)
        since = self.tamper("echo other >{}", rid)
        self.wait_event("resource.drifted", "files", rid, since)
        self.assertEqual(self.read(rid), "other\n")
        self.sh(f"echo as wished >{rid}")
        self.wait_event("resource.restored", "files", rid, since)

    def test_off_is_applied_and_not_watched(self):
        rid = "/srv/off"
        self.put_done("files", rid, {"content": "once\n"}, "off")
        self.assertEqual(self.read(rid), "once\n")
        since = self.tamper("echo changed >{}", rid)
        self.still_only([], "files", rid, since)
        told = self.compliance("files", rid)
        self.assertEqual((told["status"], told["reason"]), ("unknown", "off"))

    def test_repeated_tampering_is_repaired_every_time(self):
        rid = "/srv/again"
        self.put_done("files", rid, {"content": "good\n"}, "enforce")
        for round_number in range(3):
            since = self.tamper(f"echo {round_number} >{{}}", rid)
            self.wait_event("resource.repaired", "files", rid, since)
            self.assertEqual(self.read(rid), "good\n")

    def test_a_secret_leaves_neither_the_stores_nor_the_events(self):
        rid, secret, other = "/srv/secret", "tiger-in-the-well", "lion-on-the-hill"
        self.put_done("files", rid, {"content": secret, "mode": "0600", "sensitive": True})
        self.assertEqual(self.read(rid), secret)
        since = self.tamper("printf " + other + " >{}", rid)
        event = self.wait_event("resource.drifted", "files", rid, since)
        field, = event["data"]["compliance"]["fields"]
        self.assertEqual((field["path"], set(field["expected"]), set(field["actual"])),
                         ("/content", {"redacted"}, {"redacted"}))
        found = self.rest.resource("web", "files", rid)
        self.assertEqual(set(found["description"]["content"]), {"redacted"})
        self.assertNotIn("sha256", found["state"])
        again = self.put_done("files", rid, found["description"])
        self.assertEqual(self.read(rid), secret, again)
        for text in (secret, other):
            self.assertNotIn(text, str(self.events.seen))
            for bed, folder in ((self.bed(), "agent"), (self.system.orchestrator, "orchestrator")):
                hits = bed.run("grep", "-rl", text, f"/var/lib/evenkeel/{folder}", check=False)
                self.assertEqual(hits.stdout, "")
                self.assertNotIn(text, bed.run("journalctl", "--no-pager").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
