"""Users and groups described over REST are really there, watched where the shadow tools write."""

import json
import socket
import time
import unittest

from harness.case import SystemCase
from harness.system import AGENT, main_pid, write
from support.wait import eventually

# Two hashes that crypt(3) makes of "canary"; what they are of is nobody's business here.
CANARY = "$6$canarycanary$UWyR4QuqBiUdxNQFcyS0jPiHNpUoXkMB0IdqSg4NoaGFH25UhlxvYEY0f6sw8T9cHlVmz."
OTHER = "$6$strangersalt$mGR0bYoIQ7Y7wB2eC4gC8gCT4W1kvE4m0kO6BqF9hHqk2n3q1rYb0cQmS1cZyX4iV7uU8aP0"

FIRST = {"uid": 3001, "group": "alice", "groups": ["adm", "bob"], "home": "/srv/carol",
         "create_home": True, "shell": "/bin/bash", "gecos": "Carol, the first",
         "password_hash": CANARY, "locked": False, "expires": "2040-02-29",
         "password_min_days": 1, "password_max_days": 90, "password_warn_days": 7,
         "password_inactive_days": 14}
SECOND = {"uid": 3002, "group": "bob", "groups": ["alice", "audio"], "home": "/srv/other",
          "shell": "/bin/sh", "gecos": "", "password_hash": OTHER, "locked": True,
          "expires": "never", "password_min_days": 0, "password_max_days": 99999,
          "password_warn_days": -1, "password_inactive_days": -1}

# field, command that drifts it from FIRST, what is then found there
TAMPERING = [
    ("uid", "usermod -u 3999 {}", 3999),
    ("group", "usermod -g bob {}", "bob"),
    ("groups", "gpasswd -a {} audio", ["adm", "audio", "bob"]),
    ("groups", "gpasswd -d {} adm", ["bob"]),
    ("home", "usermod -d /tmp {}", "/tmp"),
    ("shell", "chsh -s /bin/sh {}", "/bin/sh"),
    ("gecos", "usermod -c other {}", "other"),
    ("locked", "passwd -l {}", True),
    ("expires", "chage -E 2030-01-01 {}", "2030-01-01"),
    ("password_min_days", "chage -m 2 {}", 2),
    ("password_max_days", "passwd -x 30 {}", 30),
    ("password_warn_days", "chage -W 3 {}", 3),
    ("password_inactive_days", "chage -I -1 {}", -1),
    # As vipw and an administrator's script do it: written beside, renamed over.
    ("gecos", "sed '/^{}:/s/Carol/Karol/' /etc/passwd >/etc/passwd.edit && "
     "mv /etc/passwd.edit /etc/passwd", "Karol, the first"),
]


def changed(command):
    """{path: (before, after)} of the one resource of a command."""
    return {change["path"]: (change["before"], change["after"])
            for change in command["resources"][0]["changes"]}


def local_request(bed, verb, timeout_ms, arguments):
    """One request over the agent's local socket, and its reply."""
    leader = (bed.folder / "leader").read_text(encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"/proc/{leader}/root/run/evenkeel/agent.sock")
        line.sendall(json.dumps({"type": "request", "verb": verb, "timeout_ms": timeout_ms,
                                 "arguments": arguments}).encode() + b"\n")
        return json.loads(line.makefile().readline())


class UsersCase(SystemCase):
    def sh(self, command):
        return self.bed().run("sh", "-c", command).stdout

    def line(self, name, database="passwd"):
        """The fields of an account as the file has them."""
        return self.sh(f"grep '^{name}:' /etc/{database}").strip().split(":")

    def state(self, rid, collection="users"):
        path = self.rest.resource_path("web", collection, rid) + "?live=true"
        return self.rest.get(path)["state"]

    def put_failed(self, collection, rid, description, query=""):
        """The error of a PUT whose command must fail."""
        reply = self.rest.put("web", collection, rid, description, query=query)
        self.assertEqual((reply.status, reply.body["state"]), (200, "failed"), reply)
        return reply.body["resources"][0]["error"]

    def dry_run(self, collection, rid, description):
        reply = self.rest.put("web", collection, rid, description, query="?dry_run=all",
                              wait_s=None)
        self.assertEqual(reply.status, 200, reply)
        return changed(reply.body)

    def files(self):
        return self.sh("sha256sum /etc/passwd /etc/shadow /etc/group /etc/gshadow")


class Users(UsersCase):
    def expect(self, login, description):
        state = self.state(login)
        for field, value in description.items():
            if field not in ("create_home", "system", "password_hash"):
                self.assertEqual(state[field], value, field)
        shadow = self.line(login, "shadow")
        self.assertEqual(shadow[1], "!" * description["locked"] + description["password_hash"])
        self.assertEqual(set(state["password_hash"]), {"redacted"})

    def test_every_field_is_made_changed_and_then_left_alone(self):
        for description in (FIRST, SECOND):
            before = self.files()
            planned = self.dry_run("users", "carol", description)
            self.assertEqual(self.files(), before)
            self.assertEqual(changed(self.put_done("users", "carol", description)), planned)
            self.expect("carol", description)
            after = self.files()
            self.assertEqual(changed(self.put_done("users", "carol", description)), {})
            self.assertEqual(self.files(), after)
        self.assertIn("/uid", planned)
        self.assertEqual(planned["/uid"], (3001, 3002))
        self.assertEqual(planned["/groups"], (["adm", "bob"], ["alice", "audio"]))
        self.assertEqual(planned["/expires"], ("2040-02-29", "never"))
        self.assertEqual(set(planned["/password_hash"][0]), {"redacted"})
        self.assertTrue(self.exists("/srv/carol/.profile"))
        self.assertFalse(self.exists("/srv/other"))

    def test_one_field_changes_that_field_alone(self):
        self.put_done("users", "single", {"gecos": "a"})
        before = self.line("single"), self.line("single", "shadow")
        done = changed(self.put_done("users", "single", {"gecos": "b"}))
        self.assertEqual(done, {"/gecos": ("a", "b")})
        passwd = before[0][:4] + ["b"] + before[0][5:]
        self.assertEqual((self.line("single"), self.line("single", "shadow")),
                         (passwd, before[1]))

    def test_a_new_user_without_fields_has_a_group_of_its_own_and_no_home(self):
        self.put_done("users", "plain", {})
        self.assertEqual(self.line("plain", "group")[0], "plain")
        self.assertEqual(self.state("plain")["group"], "plain")
        self.assertTrue(self.state("plain")["locked"])
        self.assertFalse(self.exists("/home/plain"))
        self.put_done("users", "daemonic", {"system": True, "shell": "/usr/sbin/nologin"})
        self.assertLess(self.state("daemonic")["uid"], 1000)
        self.sh("groupadd already")
        self.put_done("users", "already", {})
        self.assertEqual(self.state("already")["group"], "already")

    def test_lock_and_hash_do_not_undo_each_other(self):
        self.put_done("users", "keyed", {"password_hash": CANARY})
        self.assertEqual(self.line("keyed", "shadow")[1], CANARY)
        self.put_done("users", "keyed", {"locked": True})
        self.assertEqual(self.line("keyed", "shadow")[1], "!" + CANARY)
        self.put_done("users", "keyed", {"password_hash": OTHER})
        self.assertEqual(self.line("keyed", "shadow")[1], "!" + OTHER)
        self.put_done("users", "keyed", {"locked": False})
        self.assertEqual(self.line("keyed", "shadow")[1], OTHER)
        self.sh("usermod -p '!!x' keyed")
        self.put_done("users", "keyed", {"locked": False, "password_hash": "*"})
        self.assertEqual(self.line("keyed", "shadow")[1], "*")

    def test_what_cannot_be_is_refused_by_its_field(self):
        before = self.files()
        for description, code, words in [
                ({"groups": ["adm", "nowhere"]}, "invalid", "/groups/1"),
                ({"group": "nowhere"}, "invalid", "/group"),
                ({"uid": 0}, "conflict", "/uid"),
                ({"locked": False}, "invalid", "/locked")]:
            with self.subTest(description):
                error = self.put_failed("users", "refused", description)
                self.assertEqual(error["code"], code, error)
                self.assertIn(words, error["detail"])
        self.assertEqual(self.files(), before)
        for field, value in {"gecos": "a:b", "shell": "bin/sh", "expires": "2030-02-30",
                             "password_hash": "tiger-in-the-well"}.items():
            reply = self.rest.put("web", "users", "never", {field: value})
            self.assertEqual((reply.status, reply.body["errors"][0]["pointer"]),
                             (400, "/description/" + field), reply)
            self.assertNotIn("tiger", str(reply.body))
        for rid in ("Refused", "-refused", "a" * 33, "a:b"):
            reply = self.rest.put("web", "users", rid, {})
            self.assertEqual((reply.status, reply.body["code"]), (400, "invalid-id"), reply)

    def test_removal_leaves_the_home_and_a_user_with_processes(self):
        self.put_done("users", "leaver", {"create_home": True})
        self.bed().run("systemd-run", "--unit=busy", "--uid=leaver", "--property=Type=exec",
                       "sleep", "600")
        reply = self.rest.delete("web", "users", "leaver")
        self.assertEqual(reply.body["state"], "failed", reply)
        self.assertEqual(reply.body["resources"][0]["error"]["code"], "conflict", reply)
        self.sh("systemctl stop busy")
        reply = self.rest.delete("web", "users", "leaver")
        self.assertEqual(reply.body["state"], "succeeded", reply)
        self.assertTrue(self.exists("/home/leaver"))
        self.assertNotIn("leaver:", self.read("/etc/passwd") + self.read("/etc/group"))
        self.assertEqual(self.rest.put("web", "users", "root", {"ensure": "absent"})
                         .body["resources"][0]["error"]["code"], "denied")

    def test_every_field_that_drifts_is_seen_by_an_event_and_repaired(self):
        self.put_done("users", "erin", {**FIRST, "uid": 3100}, "enforce")
        good = [self.line("erin")] + self.line("erin", "shadow")[3:]
        for field, command, actual in TAMPERING:
            with self.subTest(command):
                since = self.events.mark()
                self.sh(command.format("erin"))
                drifted = self.wait_event("resource.drifted", "users", "erin", since)
                fields = drifted["data"]["compliance"]["fields"]
                self.assertEqual([one["path"] for one in fields], ["/" + field])
                self.assertEqual(fields[0]["actual"], actual)
                self.assertEqual(drifted["data"]["compliance"]["seen_by"], "event")
                self.wait_event("resource.repaired", "users", "erin", since)
                found = [self.line("erin")] + self.line("erin", "shadow")[3:]
                self.assertEqual(found, good)
                self.assertEqual(self.line("erin", "shadow")[1], CANARY)
                self.assertEqual(self.state("erin")["groups"], ["adm", "bob"])

    def test_a_user_removed_or_given_another_password_is_put_right(self):
        self.put_done("users", "frank", {"uid": 3200, "password_hash": CANARY}, "enforce")
        since = self.events.mark()
        self.bed().run("chpasswd", "-e", stdin=f"frank:{OTHER}\n")
        drifted = self.wait_event("resource.drifted", "users", "frank", since)
        field, = drifted["data"]["compliance"]["fields"]
        self.assertEqual((field["path"], set(field["expected"]), set(field["actual"])),
                         ("/password_hash", {"redacted"}, {"redacted"}))
        self.wait_event("resource.repaired", "users", "frank", since)
        since = self.events.mark()
        self.sh("userdel frank")
        drifted = self.wait_event("resource.drifted", "users", "frank", since)
        self.assertEqual(drifted["data"]["compliance"]["fields"],
                         [{"path": "/ensure", "expected": "present", "actual": "absent"}])
        self.wait_event("resource.repaired", "users", "frank", since)
        self.assertEqual(self.line("frank", "shadow")[1], CANARY)
        self.await_all_events()
        self.assertEqual(self.resource_events("users", "frank", since), ["drifted", "repaired"])

    def test_other_peoples_changes_are_no_drift(self):
        self.put_done("users", "quiet", {"gecos": "same"}, "enforce")
        since = self.events.mark()
        self.sh("useradd stranger; usermod -c x stranger; userdel stranger; "
                "chage -m 3 quiet; usermod -a -G audio quiet")
        self.await_all_events()
        self.assertEqual(self.resource_events("users", "quiet", since), [])

    def test_a_lock_held_by_another_tool_is_waited_for(self):
        self.put_done("users", "waiter", {"gecos": "before"})
        # As a shadow tool does: its process id in the lock file, while it lives.
        self.sh("sh -c 'printf %s $$ >/etc/passwd.lock; sleep 5; rm /etc/passwd.lock' "
                ">/dev/null 2>&1 & until [ -s /etc/passwd.lock ]; do sleep 0.1; done")
        self.put_done("users", "waiter", {"gecos": "after"})
        self.assertEqual(self.line("waiter")[4], "after")
        self.assertFalse(self.exists("/etc/passwd.lock"))

    def hold_lock(self):
        """Holds the lock of passwd, as vipw does while its editor is open."""
        self.bed().run("systemd-run", "--unit=holder", "sleep", "600")
        write(self.bed(), "/etc/passwd.lock", main_pid(self.bed(), "holder"))

    def test_a_lock_that_stays_makes_the_apply_busy_by_its_deadline(self):
        wanted = {"resources": [{"collection": "users", "id": "local",
                                 "description": {"gecos": "mine"}}]}
        self.hold_lock()
        begin = time.monotonic()
        reply = local_request(self.bed(), "apply", 10000, wanted)
        self.assertLess(time.monotonic() - begin, 25)
        error = reply["result"]["resources"][0]["error"]
        self.assertEqual(error["code"], "busy", reply)
        self.assertRegex(error["detail"], "^process [0-9]+ holds /etc/passwd.lock")
        # What its process left behind holds nobody up.
        self.sh("systemctl stop holder")
        reply = local_request(self.bed(), "apply", 10000, wanted)
        self.assertIsNone(reply["result"]["resources"][0]["error"], reply)
        self.assertEqual(self.line("local")[4], "mine")

    def test_drift_is_judged_when_the_locks_are_gone(self):
        self.put_done("users", "judged", {"gecos": "good"})
        self.hold_lock()
        since = self.events.mark()
        self.sh("sed '/^judged:/s/good/bad/' /etc/passwd >/etc/p && mv /etc/p /etc/passwd")
        self.await_all_events()
        self.assertEqual(self.resource_events("users", "judged", since), [])
        self.sh("systemctl stop holder")
        self.wait_event("resource.drifted", "users", "judged", since)


class Secrets(UsersCase):
    @classmethod
    def prepare(cls, bed):
        """Records the command line of every tool that is called."""
        for tool in ("useradd", "usermod", "chpasswd", "chage"):
            folder = "/usr/bin" if tool == "chage" else "/usr/sbin"
            bed.run("mv", f"{folder}/{tool}", f"{folder}/{tool}.real")
            write(bed, f"{folder}/{tool}", f"#!/bin/sh\necho \"{tool} $*\" >>/root/argv\n"
                  f"env >>/root/argv\nexec {folder}/{tool}.real \"$@\"\n")
            bed.run("chmod", "0755", f"{folder}/{tool}")

    def test_a_password_hash_is_nowhere_but_in_shadow(self):
        self.put_done("users", "gina", {"password_hash": CANARY, "gecos": "g"}, "enforce")
        since = self.events.mark()
        self.bed().run("chpasswd.real", "-e", stdin=f"gina:{OTHER}\n")
        self.wait_event("resource.repaired", "users", "gina", since)
        self.put_done("users", "gina", {"password_hash": CANARY, "locked": True})
        kept = self.rest.resource("web", "users", "gina")
        self.assertEqual(set(kept["description"]["password_hash"]), {"redacted"})
        self.put_done("users", "gina", kept["description"])
        self.assertEqual(self.line("gina", "shadow")[1], "!" + CANARY)
        argv = self.read("/root/argv")
        self.assertIn("chpasswd -e\n", argv)
        shown = json.dumps(kept) + json.dumps(self.events.seen, default=str) + argv
        for secret in (CANARY, OTHER):
            self.assertNotIn(secret, shown)
            for bed, folder in ((self.bed(), "agent"), (self.system.orchestrator, "orchestrator")):
                hits = bed.run("grep", "-rlF", secret, f"/var/lib/evenkeel/{folder}", check=False)
                self.assertEqual(hits.stdout, "")
                self.assertNotIn(secret, bed.run("journalctl", "--no-pager").stdout)


class Groups(UsersCase):
    def test_every_field_is_made_changed_and_then_left_alone(self):
        for description in ({"gid": 4001, "members": ["alice", "bob"]},
                            {"gid": 4002, "members": []}, {"members": ["bob"]}):
            before = self.files()
            planned = self.dry_run("groups", "crew", description)
            self.assertEqual(self.files(), before)
            self.assertEqual(changed(self.put_done("groups", "crew", description)), planned)
            state = self.state("crew", "groups")
            self.assertEqual({**state, **description}, state)
            self.assertEqual(self.line("crew", "gshadow")[3], ",".join(description["members"]))
            self.assertEqual(changed(self.put_done("groups", "crew", description)), {})
        self.put_done("groups", "service", {"system": True})
        self.assertLess(self.state("service", "groups")["gid"], 1000)

    def test_what_cannot_be_is_refused_by_its_field(self):
        before = self.files()
        for description, code, words in [({"members": ["alice", "nobody2"]}, "invalid",
                                          "/members/1"),
                                         ({"gid": 0}, "conflict", "/gid")]:
            error = self.put_failed("groups", "refused", description)
            self.assertEqual(error["code"], code, error)
            self.assertIn(words, error["detail"])
        error = self.put_failed("groups", "alice", {"ensure": "absent"})
        self.assertEqual(error["code"], "conflict", error)
        self.assertIn("user alice", error["detail"])
        self.assertEqual(self.files(), before)

    def test_drift_is_seen_by_an_event_and_repaired(self):
        self.put_done("groups", "team", {"gid": 4100, "members": ["alice"]}, "enforce")
        good = self.line("team", "group")
        for path, command in [("/members", "gpasswd -a bob team"),
                              ("/members", "usermod -G '' alice"),
                              ("/gid", "groupmod -g 4999 team"),
                              ("/ensure", "groupdel team"),
                              ("/members", "sed 's/^team:.*/&,bob/' /etc/group >/etc/g && "
                               "mv /etc/g /etc/group")]:
            with self.subTest(command):
                since = self.events.mark()
                self.sh(command)
                drifted = self.wait_event("resource.drifted", "groups", "team", since)
                compliance = drifted["data"]["compliance"]
                self.assertEqual([one["path"] for one in compliance["fields"]], [path])
                self.assertEqual(compliance["seen_by"], "event")
                self.wait_event("resource.repaired", "groups", "team", since)
                self.assertEqual(self.line("team", "group"), good)

    def test_a_file_makes_a_group_and_the_user_in_it_in_one_command(self):
        wanted = {"resources": [
            {"collection": "groups", "id": "web", "description": {"gid": 4200}},
            {"collection": "users", "id": "wendy",
             "description": {"group": "web", "groups": ["adm"]}}]}
        write(self.bed(), "/root/wanted.json", json.dumps(wanted))
        done = self.bed().run(AGENT, "plan", "/root/wanted.json", check=False)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        reply = self.rest.call("POST", "/v1/hosts/web:apply", wanted, {"Prefer": "wait=60"})
        self.assertEqual((reply.status, reply.body["state"]), (200, "succeeded"), reply)
        self.assertEqual(self.state("wendy")["group"], "web")
        eventually("both are in line", lambda: self.compliance("users", "wendy")["status"] ==
                   self.compliance("groups", "web")["status"] == "compliant")


if __name__ == "__main__":
    unittest.main(verbosity=2)
