"""The examples of the SDK, beside the bundled plugins: from REST to the machine and back."""

import json
import os
import pathlib
import shutil
import unittest

from harness.case import SystemCase
from harness.system import write

FOLDER = "/opt/plugins"
EXAMPLES = ("cron", "nft_sets", "sysctl")
# Of the host's own network namespace.
TTL, TTL_FILE = "net.ipv4.ip_default_ttl", "/proc/sys/net/ipv4/ip_default_ttl"
BOOT_FILE = "/etc/sysctl.d/60-evenkeel.conf"
CRONTAB = "/etc/cron.d/evenkeel-backup"
RULES_FILE = "/etc/nftables.conf"
RULES = """flush ruleset
table inet filter {
  set blocked { type ipv4_addr; flags interval; }
  chain input { type filter hook input priority 0; ip saddr @blocked drop; }
}
"""


class Examples(SystemCase):
    agent = {"plugin_dirs": ["/usr/lib/evenkeel/plugins", FOLDER],
             "plugins": [{"name": name} for name in ("files", *EXAMPLES)]}

    @classmethod
    def prepare(cls, bed):
        """Lays the examples where the agent's configuration looks for them."""
        # A container may not write there; its network's parameters are its own.
        bed.run("mount", "-o", "remount,bind,rw", "/proc/sys")
        built = pathlib.Path(os.environ["EVENKEEL_BUILD"], "sdk/examples")
        there = bed.files / FOLDER[1:]
        there.mkdir(mode=0o755)
        for name in EXAMPLES:
            for suffix in ("so", "manifest.json", "sum.json"):
                shutil.copy(built / f"{name}.{suffix}", there)

    def drift(self, collection, rid, *argv):
        """Runs a program on the host; the fields that have drifted, once they are repaired."""
        since = self.events.mark()
        self.bed().run(*argv)
        drifted = self.wait_event("resource.drifted", collection, rid, since)
        self.wait_event("resource.repaired", collection, rid, since)
        return [one["path"] for one in drifted["data"]["compliance"]["fields"]]

    def test_a_parameter_of_the_kernel_is_kept_now_and_at_boot(self):
        mine = "# mine\nnet.core.somaxconn = 100\n"
        write(self.bed(), BOOT_FILE, mine)
        self.put_done("sysctl", TTL, {"value": "42"}, "enforce")
        self.assertEqual(self.read(TTL_FILE), "42\n")
        self.assertEqual(self.read(BOOT_FILE), f"{mine}{TTL} = 42\n")
        self.assertEqual(self.drift("sysctl", TTL, "sh", "-c", f"echo 65 > {TTL_FILE}"), ["/value"])
        self.assertEqual(self.read(TTL_FILE), "42\n")
        self.assertEqual(self.drift("sysctl", TTL, "sed", "-i", "/ttl/d", BOOT_FILE),
                         ["/boot_value"])
        self.assertIn(f"{TTL} = 42\n", self.read(BOOT_FILE))

    def test_what_the_kernel_does_not_take_is_not_kept(self):
        rid = "net.ipv4.tcp_retries2"
        reply = self.rest.put("web", "sysctl", rid, {"value": "many"})
        self.assertEqual(reply.body["resources"][0]["error"]["code"], "invalid", reply)
        self.assertFalse(self.exists(BOOT_FILE) and rid in self.read(BOOT_FILE))

    def test_a_parameter_cannot_be_absent(self):
        rid = "net.ipv4.tcp_syncookies"
        self.put_done("sysctl", rid, {"value": "1"})
        reply = self.rest.delete("web", "sysctl", rid)
        self.assertTrue(reply.status >= 400 or reply.body["state"] == "failed", reply)

    def test_no_name_leads_elsewhere(self):
        for rid in ("net/ipv4/ip_forward", "..etc.passwd", "a...b", "net.ipv4"):
            with self.subTest(rid):
                reply = self.rest.put("web", "sysctl", rid, {"value": "1"})
                self.assertTrue(reply.status >= 400 or reply.body["state"] == "failed", reply)

    def test_an_entry_of_cron_is_kept(self):
        entry = {"schedule": "15 3 * * mon-fri", "command": "/usr/bin/true --all"}
        self.put_done("cron", "backup", entry, "enforce")
        self.assertEqual(self.stat(CRONTAB), ("regular file", "0644", "root", "root"))
        line = "\n15 3 * * mon-fri root /usr/bin/true --all\n"
        self.assertTrue(self.read(CRONTAB).endswith(line))
        self.assertEqual(self.drift("cron", "backup", "sed", "-i", "s/^15/16/", CRONTAB),
                         ["/schedule"])
        self.assertEqual(self.drift("cron", "backup", "chmod", "0666", CRONTAB), ["/problem"])
        self.assertEqual(self.drift("cron", "backup", "rm", CRONTAB), ["/ensure"])
        self.assertTrue(self.exists(CRONTAB))
        reply = self.rest.delete("web", "cron", "backup")
        self.assertEqual(reply.body["state"], "succeeded", reply)
        self.assertFalse(self.exists(CRONTAB))

    def test_a_schedule_that_cron_would_not_take_is_refused(self):
        for schedule, word in (("61 * * * *", "minute"), ("* * 5-3 * *", "day of the month"),
                               ("* * * * fry", "day of the week"), ("5/2 * * * *", "minute")):
            with self.subTest(schedule):
                entry = self.rest.put("web", "cron", "bad", {"schedule": schedule, "command": "x"},
                                      ).body["resources"][0]
                self.assertEqual(entry["error"]["code"], "invalid", entry)
                self.assertIn(f"is no {word}", entry["error"]["detail"])

    def nft(self, *argv):
        return self.bed().run("nft", *argv).stdout

    def elements(self, family, table, name):
        """Of a set, in the words of nft; nothing if there is no such set."""
        found = [one["set"] for one in json.loads(self.nft("-j", "list", "sets"))["nftables"]
                 if one.get("set", {}).items() >= {"family": family, "table": table,
                                                   "name": name}.items()]
        return found[0].get("elem", []) if found else None

    def load_rules(self):
        """A table with a rule that uses the set `blocked`."""
        write(self.bed(), RULES_FILE, RULES)
        self.nft("-f", RULES_FILE)

    def test_a_set_of_nftables_is_kept(self):
        self.load_rules()
        rid, here = "inet/filter/blocked", ("inet", "filter", "blocked")
        mine = ["192.0.2.1", {"prefix": {"addr": "198.51.100.0", "len": 24}}]
        self.put_done("nft_sets", rid, {
            "type": "ipv4_addr", "elements": ["198.51.100.0/25", "198.51.100.128/25", "192.0.2.1"],
        }, "enforce")
        self.assertEqual(self.elements(*here), mine)
        for by_hand in (("add", "element", *here, "{ 203.0.113.9 }"),
                        ("delete", "element", *here, "{ 192.0.2.1 }"),
                        ("flush", "set", *here),
                        ("-f", RULES_FILE)):
            with self.subTest(by_hand):
                self.assertEqual(self.drift("nft_sets", rid, "nft", *by_hand), ["/elements"])
                self.assertEqual(self.elements(*here), mine)
        used = self.rest.delete("web", "nft_sets", rid).body["resources"][0]
        self.assertEqual(used["error"]["code"], "conflict", used)
        self.assertIn("Device or resource busy", used["error"]["detail"])
        self.nft("flush", "chain", "inet", "filter", "input")
        reply = self.rest.delete("web", "nft_sets", rid)
        self.assertEqual(reply.body["state"], "succeeded", reply)
        self.assertIsNone(self.elements(*here))

    def test_a_set_waits_for_its_table(self):
        rid, ports = "ip6/late/ports", {"type": "inet_service", "elements": ["22", "8000-8099"]}
        entry = self.rest.put("web", "nft_sets", rid, ports, "enforce").body["resources"][0]
        self.assertEqual(entry["error"]["code"], "not-found", entry)
        self.assertIn("there is no table ip6 late", entry["error"]["detail"])
        since = self.events.mark()
        self.nft("add", "table", "ip6", "late")
        self.wait_event("resource.repaired", "nft_sets", rid, since)
        self.assertEqual(self.elements("ip6", "late", "ports"), [22, {"range": [8000, 8099]}])

    def test_a_comment_at_an_element_stays(self):
        self.nft("add", "table", "ip", "notes")
        self.nft("add", "set", "ip", "notes", "known", "{ type ipv4_addr; flags interval; "
                 'elements = { 192.0.2.1 comment "the printer", 192.0.2.2 }; }')
        self.put_done("nft_sets", "ip/notes/known",
                      {"type": "ipv4_addr", "elements": ["192.0.2.1", "192.0.2.9"]})
        self.assertEqual(self.elements("ip", "notes", "known"),
                         [{"elem": {"val": "192.0.2.1", "comment": "the printer"}}, "192.0.2.9"])

    def test_a_set_that_lives_by_itself_is_left_alone(self):
        self.nft("add", "table", "inet", "own")
        self.nft("add", "set", "inet", "own", "seen",
                 "{ type ipv4_addr; flags timeout; timeout 1h; elements = { 192.0.2.1 }; }")
        reply = self.rest.put("web", "nft_sets", "inet/own/seen", {"type": "ipv4_addr"})
        self.assertIn("timeout", reply.body["resources"][0]["error"]["detail"])
        reply = self.rest.delete("web", "nft_sets", "inet/own/seen")
        self.assertEqual(reply.body["state"], "failed", reply)
        self.assertEqual(len(self.elements("inet", "own", "seen")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
