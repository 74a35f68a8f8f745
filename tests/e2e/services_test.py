"""Services of a booted systemd, as the agent alone on a host keeps them."""

import json
import time
import unittest

from harness.lone import LoneCase
from harness.system import AGENT, write
from support.wait import WAIT_SECONDS, eventually
from watching import Watching

UNITS = "/usr/lib/systemd/system"
DAEMON = """[Unit]
Description=A daemon of the tests
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/sleep infinity
ExecReload=/bin/true
{more}
[Install]
WantedBy=multi-user.target
{install}
"""


class Services(LoneCase):
    config = '{"log": {"level": "debug"}}'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, more, install in [
                ("plain", "", ""), ("second", "", ""), ("other", "", "Alias=nickname.service"),
                ("many@", "", ""), ("lasting", "Restart=always\nRestartSec=100ms", ""),
                ("broken", "ExecStartPre=/bin/false", ""), ("slow", "ExecStartPre=sleep 30", "")]:
            write(cls.bed, f"{UNITS}/{name}.service", DAEMON.format(more=more, install=install))
        write(cls.bed, f"{UNITS}/once.service",
              "[Service]\nType=oneshot\nExecStart=/bin/true\n")
        cls.systemctl("daemon-reload")

    @classmethod
    def systemctl(cls, *argv, check=True):
        return cls.bed.run("systemctl", *argv, check=check).stdout.strip()

    def setUp(self):
        self.systemctl("start", AGENT)

    def tearDown(self):
        self.systemctl("stop", AGENT)
        self.bed.run("rm", "-rf", "/var/lib/evenkeel/agent")

    def agent(self, *argv):
        """(exit code, decoded output or text)."""
        done = self.bed.run(AGENT, *argv, check=False)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, done.stdout + done.stderr

    def wanted(self, rid, description, policy="report"):
        write(self.bed, "/root/wanted.json", json.dumps({"resources": [
            {"collection": "services", "id": rid, "description": description, "policy": policy}]}))
        return "/root/wanted.json"

    def change(self, verb, rid, description, policy="report"):
        """(exit code, the resource's part of the answer) of plan or apply."""
        code, told = self.agent(verb, self.wanted(rid, description, policy))
        self.assertIn("resources", told)
        return code, told["resources"][0]

    def applied(self, rid, description, policy="report"):
        """Applies what must succeed; "path outcome" of each change."""
        code, told = self.change("apply", rid, description, policy)
        self.assertEqual(code, 0, told)
        return [f"{one['path']} {one['outcome']}" for one in told["changes"]]

    def refused(self, rid, description):
        """The error of an apply that must fail."""
        code, told = self.change("apply", rid, description)
        self.assertEqual(code, 1, told)
        return told["error"]

    def state(self, rid):
        code, told = self.agent("read", "services", rid)
        self.assertEqual(code, 0, told)
        return told["state"]

    def flags(self, rid):
        state = self.state(rid)
        return state["running"], state["enabled"], state["masked"]

    def main_pid(self, unit):
        return self.systemctl("show", "--property=MainPID", "--value", unit)

    def test_each_field_is_planned_then_applied_then_in_line(self):
        steps = [({"running": True}, "/running", ("active", "disabled")),
                 ({"enabled": True}, "/enabled", ("active", "enabled")),
                 ({"running": False}, "/running", ("inactive", "enabled")),
                 ({"enabled": False}, "/enabled", ("inactive", "disabled")),
                 ({"masked": True}, "/masked", ("inactive", "masked")),
                 ({"masked": False}, "/masked", ("inactive", "disabled"))]
        for description, path, expected in steps:
            with self.subTest(description):
                before = self.flags("plain"), self.files_of("plain")
                paths = [path, "/links"] if path == "/enabled" else [path]
                code, planned = self.change("plan", "plain", description)
                self.assertEqual(code, 3, planned)
                self.assertEqual([(one["path"], one["outcome"]) for one in planned["changes"]],
                                 [(each, "planned") for each in paths])
                self.assertEqual((self.flags("plain"), self.files_of("plain")), before)
                self.assertEqual(self.applied("plain", description),
                                 [f"{each} done" for each in paths])
                self.assertEqual((self.systemctl("is-active", "plain", check=False),
                                  self.systemctl("is-enabled", "plain", check=False)), expected)
                self.assertEqual(self.applied("plain", description), [])
                self.assertEqual(self.change("plan", "plain", description)[0], 0)

    def files_of(self, name):
        return self.bed.run("find", "/etc/systemd/system", "/run/systemd/system", "-name",
                            f"{name}*", "-printf", "%p %T@\n", check=False).stdout

    def test_all_at_once_in_the_order_that_works(self):
        self.systemctl("enable", "--now", "second")
        self.assertEqual(
            set(self.applied("second", {"running": False, "enabled": False, "masked": True})),
            {"/running done", "/enabled done", "/links done", "/masked done"})
        self.assertEqual(self.flags("second"), (False, False, True))
        self.assertEqual(
            set(self.applied("second", {"running": True, "enabled": True, "masked": False})),
            {"/running done", "/enabled done", "/links done", "/masked done"})
        self.assertEqual(self.flags("second"), (True, True, False))

    def test_what_was_enabled_behind_a_mask_is_disabled_when_that_is_asked(self):
        self.systemctl("enable", "second")
        self.systemctl("mask", "second")
        self.applied("second", {"enabled": False, "masked": False})
        self.assertEqual(self.systemctl("is-enabled", "second", check=False), "disabled")
        self.assertEqual(self.applied("second", {"enabled": False, "masked": False}), [])

    def test_refusals_say_what_is_right(self):
        self.systemctl("enable", "other")
        for rid, description, code, words in [
                ("nickname", {"running": True}, "invalid", ['"other"']),
                ("nowhere", {"running": True}, "not-found", ["nowhere"]),
                ("once", {"enabled": True}, "not-found", ["static", "[Install]"]),
                ("once", {"running": True}, "conflict", ["ended by itself"]),
                ("broken", {"running": True}, "conflict", ["journalctl -u broken.service"]),
                ("plain", {"ensure": "absent"}, "unsupported", [":forget"])]:
            with self.subTest(rid, **description):
                error = self.refused(rid, description)
                self.assertEqual(error["code"], code, error)
                for word in words:
                    self.assertIn(word, error["detail"])

    def test_what_cannot_be_is_refused_with_the_whole_file(self):
        for rid, description, pointer in [
                ("plain.service", {"running": True}, "/resources/0/id"),
                ("many@", {"running": True}, "/resources/0/id"),
                ("dbus.socket", {"enabled": True}, "/resources/0/id"),
                ("plain", {"running": True, "masked": True}, "/resources/0/description/running"),
                ("plain", {"running": "yes"}, "/resources/0/description/running")]:
            for verb in ("plan", "apply"):
                with self.subTest(rid, verb=verb, **description):
                    code, told = self.agent(verb, self.wanted(rid, description, "report"))
                    self.assertEqual(code, 2, told)
                    self.assertIn(pointer + ": ", told["error"]["detail"])

    def test_an_instance_of_a_template_is_a_service(self):
        self.applied("many@one", {"running": True, "enabled": True})
        self.assertEqual(self.flags("many@one"), (True, True, False))
        self.assertEqual(self.flags("many@two"), (False, False, False))

    def test_a_list_has_what_is_installed_each_once_by_its_own_name(self):
        self.systemctl("enable", "other")
        code, told = self.agent("list", "services")
        self.assertEqual(code, 0, told)
        ids = [item["id"] for item in told["items"]]
        self.assertEqual(len(ids), len(set(ids)))
        for rid in ("plain", "other", "once", "evenkeel-agent", "systemd-journald"):
            self.assertIn(rid, ids)
        for rid in ("nickname", "many@", "many", "plain.service"):
            self.assertNotIn(rid, ids)
        state = next(item["state"] for item in told["items"] if item["id"] == "systemd-journald")
        self.assertEqual((state["running"], state["sub_state"], state["result"]),
                         (True, "running", "success"))

    def test_drift_of_each_field_is_seen_by_an_event(self):
        self.systemctl("unmask", "plain")
        for description, tamper, undo, path in [
                ({"running": True}, ("stop",), ("start",), "/running"),
                ({"running": False}, ("start",), ("stop",), "/running"),
                ({"enabled": True}, ("disable",), ("enable",), "/enabled"),
                ({"enabled": False}, ("enable",), ("disable",), "/enabled"),
                ({"masked": False}, ("mask",), ("unmask",), "/masked"),
                ({"masked": True}, ("unmask",), ("mask",), "/masked")]:
            with self.subTest(description), Watching(self.bed) as events:
                self.applied("plain", description)
                self.systemctl(*tamper, "plain")
                drifted = events.wait("resource.drifted", "plain")
                field, = drifted["compliance"]["fields"]
                self.assertEqual((field["path"], drifted["compliance"]["seen_by"]),
                                 (path, "event"))
                self.systemctl(*undo, "plain")
                events.wait("resource.restored", "plain")
        self.systemctl("unmask", "plain")

    def test_a_crash_is_seen_by_an_event_and_repaired_where_enforced(self):
        self.applied("plain", {"running": True}, "enforce")
        before = self.main_pid("plain")
        with Watching(self.bed) as events:
            self.bed.run("kill", "-9", before)
            drifted = events.wait("resource.drifted", "plain")
            repaired = events.wait("resource.repaired", "plain")
        field, = drifted["compliance"]["fields"]
        self.assertEqual((field["path"], field["expected"], field["actual"]),
                         ("/running", True, False))
        self.assertEqual(drifted["state"]["result"], "signal")
        self.assertEqual(drifted["compliance"]["seen_by"], "event")
        self.assertEqual(repaired["compliance"]["status"], "compliant")
        self.assertNotIn(self.main_pid("plain"), (before, "0"))

    def test_a_restart_is_no_drift_whoever_asks_for_it(self):
        self.applied("plain", {"running": True}, "enforce")
        with Watching(self.bed) as events:
            for _ in range(3):
                before = self.main_pid("plain")
                code, told = self.agent("invoke", "services", "plain", "restart")
                self.assertEqual(code, 0, told)
                self.assertNotEqual(self.main_pid("plain"), before)
                self.systemctl("restart", "plain")
            self.systemctl("daemon-reload")
            events.await_all()
            self.assertEqual(events.about("plain", "resource.drifted", "resource.repaired"), [])

    def test_a_service_that_comes_back_by_itself_has_not_drifted(self):
        self.applied("lasting", {"running": True})
        before = self.main_pid("lasting")
        with Watching(self.bed) as events:
            self.bed.run("kill", "-9", before)
            eventually("it runs again", lambda: self.main_pid("lasting") not in ("0", before))
            events.await_all()
            self.assertEqual(events.about("lasting", "resource.drifted"), [])

    def test_the_actions_do_what_they_say_or_why_not(self):
        self.systemctl("stop", "plain")
        for action, active in (("start", "active"), ("reload", "active"), ("stop", "inactive"),
                               ("restart", "active")):
            with self.subTest(action):
                code, told = self.agent("invoke", "services", "plain", action)
                self.assertEqual(code, 0, told)
                self.assertEqual(self.systemctl("is-active", "plain", check=False), active)
        for rid, action, word in (("nowhere", "start", "nowhere"), ("once", "reload", "once"),
                                  ("broken", "start", "journalctl"), ("nickname", "stop", "other")):
            with self.subTest(rid):
                self.systemctl("enable", "other")
                code, told = self.agent("invoke", "services", rid, action)
                self.assertEqual(code, 1, told)
                self.assertIn(word, json.dumps(told))

    def test_a_call_under_way_ends_with_the_agent(self):
        self.systemctl("stop", "slow")
        asked = self.bed.run("systemd-run", "--unit=asks", AGENT, "invoke", "services", "slow",
                             "start", check=False)
        self.assertEqual(asked.returncode, 0, asked)
        eventually("it is starting", lambda: self.systemctl("is-active", "slow", check=False)
                   == "activating")
        begin = time.monotonic()
        self.systemctl("stop", AGENT)
        self.assertLess(time.monotonic() - begin, 10)
        self.systemctl("stop", "slow")

    def test_drift_is_seen_while_another_service_takes_long_to_start(self):
        self.systemctl("stop", "slow")
        self.applied("plain", {"running": True})
        self.bed.run("systemd-run", "--unit=starts", AGENT, "invoke", "services", "slow", "start")
        eventually("it is starting", lambda: self.systemctl("is-active", "slow", check=False)
                   == "activating")
        with Watching(self.bed) as events:
            self.bed.run("kill", "-9", self.main_pid("plain"))
            events.wait("resource.drifted", "plain")
        self.assertEqual(self.systemctl("is-active", "slow", check=False), "activating")
        self.systemctl("stop", "slow")

    def test_a_start_under_way_is_replaced_by_a_stop(self):
        self.systemctl("start", "--no-block", "slow")
        self.assertEqual(self.flags("slow"), (True, False, False))
        begin = time.monotonic()
        self.assertEqual(self.applied("slow", {"running": False}), ["/running done"])
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(self.flags("slow"), (False, False, False))
        self.assertEqual(self.applied("slow", {"running": False}), [])

    def test_a_start_under_way_is_waited_for(self):
        write(self.bed, f"{UNITS}/lazy.service",
              DAEMON.format(more="ExecStartPre=sleep 2", install=""))
        self.systemctl("start", "--no-block", "lazy")
        self.assertEqual(self.applied("lazy", {"running": True}), [])
        self.assertEqual(self.systemctl("is-active", "lazy", check=False), "active")

    def test_a_changed_unit_file_is_read_before_the_service_starts(self):
        write(self.bed, f"{UNITS}/young.service", DAEMON.format(more="", install=""))
        self.applied("young", {"running": True})
        write(self.bed, f"{UNITS}/young.service",
              DAEMON.format(more="Environment=AGE=2", install=""))
        self.assertEqual(self.agent("invoke", "services", "young", "restart")[0], 0)
        self.assertIn("AGE=2", self.systemctl("show", "--property=Environment", "young"))

    def test_drop_ins_and_unit_files_that_systemd_does_not_notice_are_read_before_a_restart(self):
        write(self.bed, f"{UNITS}/dropped-in.service", DAEMON.format(more="", install=""))
        self.systemctl("daemon-reload")
        self.applied("dropped-in", {"running": True})
        etc = "/etc/systemd/system"
        for age, path, text in [
                ("1", f"{etc}/dropped-in.service.d/age.conf", "[Service]\nEnvironment=AGE=1\n"),
                ("2", f"{etc}/dropped-.service.d/bge.conf", "[Service]\nEnvironment=AGE=2\n"),
                ("3", f"{etc}/service.d/cge.conf", "[Service]\nEnvironment=AGE=3\n"),
                ("4", f"{etc}/dropped-in.service",
                 DAEMON.format(more="EnvironmentFile=-/nowhere\nUMask=0004", install=""))]:
            with self.subTest(path):
                write(self.bed, path, text)
                self.assertEqual(self.agent("invoke", "services", "dropped-in", "restart")[0], 0)
                shown = self.systemctl("show", "--property=Environment,UMask", "dropped-in")
                self.assertIn("UMask=0004" if age == "4" else f"AGE={age}", shown)
        self.bed.run("rm", "-r", f"{etc}/dropped-in.service", f"{etc}/dropped-in.service.d",
                     f"{etc}/dropped-.service.d", f"{etc}/service.d")
        self.assertEqual(self.agent("invoke", "services", "dropped-in", "restart")[0], 0)
        self.assertNotIn("AGE", self.systemctl("show", "--property=Environment", "dropped-in"))

    def configured(self, name, config):
        """A service with systemd's default start limit that lives only by the config "good"."""
        write(self.bed, f"/etc/{name}.conf", config)
        write(self.bed, f"{UNITS}/{name}.service", "[Service]\nType=exec\n"
              "ExecStartPre=/bin/sh -c 'echo password=hunter2; echo tried $(cat "
              f"/etc/{name}.conf); grep -q good /etc/{name}.conf'\nExecStart=sleep infinity\n")
        self.systemctl("daemon-reload")

    def test_an_ordered_start_is_not_held_back_by_earlier_failures(self):
        self.configured("fussy", "bad")
        self.refused("fussy", {"running": True})
        for _ in range(8):
            self.systemctl("start", "fussy", check=False)
        eventually("its limit is met", lambda: "repeated too quickly" in self.bed.run(
            "journalctl", "--unit=fussy", "--grep=repeated too quickly").stdout)
        write(self.bed, "/etc/fussy.conf", "good")
        self.assertEqual(self.applied("fussy", {"running": True}), ["/running done"])
        self.systemctl("stop", "fussy")
        for _ in range(8):
            self.assertEqual(self.agent("invoke", "services", "fussy", "restart")[0], 0)

    def test_a_failed_start_brings_the_services_own_last_lines_without_secrets(self):
        self.configured("chatty", "bad swordfish-of-the-house")
        write(self.bed, "/root/secret.json", json.dumps({"resources": [
            {"collection": "files", "id": "/etc/chatty.secret",
             "description": {"content": "port=1\nkey=swordfish-of-the-house\n",
                             "sensitive": True}}]}))
        self.assertEqual(self.agent("apply", "/root/secret.json")[0], 0)
        error = self.refused("chatty", {"running": True})
        for shown in (error, self.agent("invoke", "services", "chatty", "start")[1]):
            text = json.dumps(shown)
            self.assertIn("tried bad ***", text)
            self.assertNotIn("hunter2", text)
            self.assertNotIn("swordfish", text)

    def test_enforce_leaves_most_of_the_start_limit_to_others(self):
        self.configured("brittle", "bad")
        code, told = self.change("apply", "brittle", {"running": True}, "enforce")
        self.assertEqual(code, 1, told)
        def starts():
            lines = self.bed.run("journalctl", "--unit=brittle", "--output=json", "--grep=tried",
                                 check=False).stdout.splitlines()
            return [int(json.loads(line)["__MONOTONIC_TIMESTAMP"]) for line in lines]
        eventually("it was started four times", lambda: len(starts()) >= 4)
        # Five starts in ten seconds are allowed.
        for before, after in zip(starts(), starts()[1:]):
            self.assertGreater(after - before, 2_500_000)
        with Watching(self.bed) as events:
            # Again and again and quickly, so that the limit is used up whenever the agent tries.
            def told_of_the_limit():
                self.bed.run("sh", "-c", "for i in 1 2 3 4 5 6; do systemctl start brittle; done",
                             check=False)
                return [one for one in events.about("brittle", "resource.failed")
                        if "met its start limit" in one["compliance"]["reason"]]
            # The agent's pauses have grown by now.
            failed = eventually("the limit was met", told_of_the_limit, 2 * WAIT_SECONDS)[0]
        self.assertIn("5 starts within 10s", failed["compliance"]["reason"])
        write(self.bed, "/etc/brittle.conf", "good")
        eventually("it runs again", lambda: self.flags("brittle")[0])

    def test_the_watch_outlives_the_bus(self):
        self.applied("plain", {"running": True})
        with Watching(self.bed) as events:
            self.systemctl("restart", "dbus")
            eventually("the bus answers", lambda: self.flags("plain"))
            self.systemctl("stop", "plain")
            events.wait("resource.drifted", "plain")
            self.systemctl("start", "plain")
            events.wait("resource.restored", "plain")
            self.systemctl("stop", "plain")
            drifted = events.wait("resource.drifted", "plain")
            self.assertEqual(drifted["compliance"]["seen_by"], "event")

    def test_without_the_bus_everything_is_unavailable_and_comes_back(self):
        self.systemctl("stop", "dbus.socket", "dbus.service")
        self.addCleanup(self.systemctl, "start", "dbus.socket")
        code, told = self.agent("read", "services", "plain")
        self.assertEqual((code, told["error"]["code"]), (1, "unavailable"), told)
        self.assertEqual(self.refused("plain", {"running": True})["code"], "unavailable")
        self.systemctl("start", "dbus.socket")
        eventually("it answers", lambda: self.flags("plain"))

    def test_a_unit_file_of_the_administrator_is_not_replaced_by_a_mask(self):
        write(self.bed, "/etc/systemd/system/local.service", DAEMON.format(more="", install=""))
        error = self.refused("local", {"masked": True})
        self.assertEqual(error["code"], "conflict", error)
        self.assertIn("/etc/systemd/system", error["detail"])
        self.assertEqual(self.flags("local"), (False, False, False))

    def planned(self, rid, description):
        """The changes of a plan, by path: (before, after)."""
        code, told = self.change("plan", rid, description)
        self.assertEqual(code, 3, told)
        return {one["path"]: (one.get("before"), one.get("after")) for one in told["changes"]}

    def test_a_file_may_bring_the_install_section_that_a_service_needs(self):
        write(self.bed, "/etc/systemd/system/bare.service", "[Service]\nExecStart=sleep infinity\n")
        self.systemctl("daemon-reload")
        write(self.bed, "/root/wanted.json", json.dumps({"resources": [
            {"collection": "files", "id": "/etc/systemd/system/bare.service",
             "description": {"content": DAEMON.format(more="", install="")}},
            {"collection": "services", "id": "bare",
             "description": {"enabled": True, "running": True}}]}))
        code, told = self.agent("plan", "/root/wanted.json")
        self.assertEqual(code, 3, told)
        service = told["resources"][1]
        self.assertEqual(service["outcome"], "planned")
        self.assertIn("before files /etc/systemd/system/bare.service is changed",
                      service["error"]["detail"])
        code, told = self.agent("apply", "/root/wanted.json")
        self.assertEqual(code, 0, told)
        self.assertEqual(self.flags("bare"), (True, True, False))
        code, told = self.agent("plan", "/root/wanted.json")
        self.assertEqual(code, 0, told)

    def test_a_unit_that_only_enables_another_is_refused_and_names_it(self):
        write(self.bed, f"{UNITS}/herald.service",
              "[Service]\nExecStart=sleep infinity\n[Install]\nAlso=second.service\n")
        self.systemctl("daemon-reload")
        self.systemctl("disable", "second")
        code, told = self.change("plan", "herald", {"enabled": True})
        self.assertEqual((code, told["error"]["code"]), (1, "unsupported"), told)
        self.assertIn("second.service", told["error"]["detail"])
        self.assertEqual(self.refused("herald", {"enabled": True}), told["error"])
        self.assertEqual(self.systemctl("is-enabled", "second", check=False), "disabled")

    def test_a_mask_over_a_unit_file_of_the_administrator_is_a_conflict_in_the_plan(self):
        write(self.bed, "/etc/systemd/system/own.service", DAEMON.format(more="", install=""))
        self.systemctl("daemon-reload")
        code, told = self.change("plan", "own", {"masked": True})
        self.assertEqual((code, told["error"]["code"]), (1, "conflict"), told)

    def test_the_watch_outlives_a_new_systemd(self):
        self.applied("plain", {"running": True})
        with Watching(self.bed) as events:
            self.systemctl("daemon-reexec")
            self.systemctl("stop", "plain")
            events.wait("resource.drifted", "plain")


if __name__ == "__main__":
    unittest.main(verbosity=2)
