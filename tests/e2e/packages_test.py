"""Packages on a host with dpkg and apt, from a repository of our own."""

import json
import threading
import time
import unittest

from beds import debs
from harness.case import SystemCase
from harness.packages import Packages
from harness.system import AGENT, main_pid, write
from support.wait import WAIT_SECONDS, eventually

PACKAGES = ("hello", "libhello", "failpost", "slowpost", "clash", "rival", "needy",
            "asks", "svc")


class PackagesCase(Packages, SystemCase):
    hosts = ("deb",)
    prepare = staticmethod(lambda bed: debs.give(bed, "v1"))

    def setUp(self):
        """No test finds what another has left."""
        self.forget_all()
        self.sh("rm -f /etc/failpost.fails; touch /run/slowpost.go")
        self.sh("apt-mark unhold " + " ".join(PACKAGES[:4]) + " >/dev/null; dpkg --configure -a; "
                "dpkg --purge --force-depends " + " ".join(PACKAGES) + "; rm -f /run/slowpost*")
        debs.give(self.bed(), "v1")

    def status(self, name):
        """("hold", "installed", "1.0"), or None for a package that dpkg does not know."""
        told = self.bed().run("dpkg-query", "-W", "-f",
                              "${db:Status-Want} ${db:Status-Status} ${Version}", name,
                              check=False)
        return tuple(told.stdout.split()) if told.returncode == 0 else None


class Apply(PackagesCase):
    def test_a_package_is_installed_with_what_it_needs_as_planned(self):
        planned = self.put("hello", {}, query="?dry_run=all").body
        self.assertIsNone(self.status("hello"))
        done = self.put_done("packages", "hello", {})
        wanted = [("/ensure", "absent", "present"), ("/version", None, "1.0")]
        self.assertEqual(self.changes(planned), [(*one, "planned") for one in wanted])
        self.assertEqual(self.changes(done), [(*one, "done") for one in wanted])
        self.assertEqual(self.status("hello"), ("install", "installed", "1.0"))
        self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))
        self.assert_settled("hello", {})
        state = self.state("hello")
        self.assertEqual(state, {"version": "1.0", "condition": "installed", "hold": False,
                                 "automatic": False, "candidate": "1.0", "lists_stale": False})

    def told_of_slowpost(self, since):
        """What is told while its script waits, which it does until it is let go."""
        told = self.events.wait(lambda event: event["type"] == "command.progress"
                                and "slowpost" in event["data"]["message"], since=since)["data"]
        self.sh("touch /run/slowpost.go")
        return told

    def test_the_lines_of_apt_are_heard_while_it_works(self):
        since = self.events.mark()
        ordered = self.rest.put("deb", "packages", "slowpost", {}, wait_s=None).body
        told = self.told_of_slowpost(since)
        self.assertEqual((told["command"], told["collection"], told["id"]),
                         (ordered["id"], "packages", "slowpost"))
        self.assertIn(told["permille"], range(1001))

    def test_ek_shows_the_lines_of_apt_while_it_waits(self):
        since = self.events.mark()
        release = threading.Thread(target=self.told_of_slowpost, args=(since,))
        release.start()
        wanted = {"resources": [{"collection": "packages", "id": "slowpost", "description": {}}]}
        done = self.system.orchestrator.run(
            "env", "EK_URL=http://127.0.0.1:7780",
            "EK_TOKEN_FILE=/var/lib/evenkeel/orchestrator/admin.token",
            "ek", "apply", "-f", "-", "--host", "deb", stdin=json.dumps(wanted))
        release.join()
        self.assertRegex(done.stderr, r"deb: packages slowpost: .*slowpost")

    def test_a_plan_writes_nothing(self):
        seen = "cd /var/lib/dpkg; stat -c '%n %i %z' status updates info; " \
               "stat -c '%n %i %z' /var/lib/apt/lists /var/cache/apt/archives /var/log/apt"
        self.put_done("packages", "libhello", {})
        before = self.sh(seen)
        for rid, description in (("hello", {}), ("libhello", {"ensure": "absent"}),
                                 ("libhello", {"hold": True})):
            planned = self.put(rid, description, query="?dry_run=all").body
            self.assertTrue(self.changes(planned), planned)
        self.assertEqual(self.sh(seen), before)

    def test_a_package_is_removed_and_its_configuration_stays(self):
        self.put_done("packages", "hello", {})
        done = self.put_done("packages", "hello", {"ensure": "absent"})
        self.assertEqual(self.changes(done), [("/ensure", "present", "absent", "done")])
        self.assertEqual(self.status("hello"), ("deinstall", "config-files", "1.0"))
        self.assertEqual(self.read("/etc/hello.conf"), "greeting=1.0\n")
        self.assert_settled("hello", {"ensure": "absent"})
        self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))

    def test_what_others_need_is_not_removed(self):
        self.put_done("packages", "hello", {})
        self.assert_fails("libhello", {"ensure": "absent"}, "conflict", "would go too: hello")
        self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))

    def test_exact_versions_go_up_and_down(self):
        debs.give(self.bed(), "v1", "v2")
        for version in ("1.0", "2.0", "1.0"):
            self.put_done("packages", "libhello", {"version": version})
            self.assertEqual(self.status("libhello"), ("install", "installed", version))
            self.assert_settled("libhello", {"version": version})
        self.assert_fails("libhello", {"version": "3.0"}, "not-found", "3.0")

    def test_latest_follows_the_lists_as_they_are(self):
        self.put_done("packages", "libhello", {"version": "latest"})
        self.assertEqual(self.status("libhello")[2], "1.0")
        debs.give(self.bed(), "v1", "v2")
        self.bed().run(AGENT, "check", check=False)
        told = self.wait_compliance("drifted", "packages", "libhello")
        self.assertEqual(told["fields"],
                         [{"path": "/version", "expected": "2.0", "actual": "1.0"}])
        done = self.put_done("packages", "libhello", {"version": "latest"})
        self.assertEqual(self.changes(done), [("/version", "1.0", "2.0", "done")])
        self.assert_settled("libhello", {"version": "latest"})

    def test_latest_is_not_judged_by_lists_of_long_ago(self):
        self.put_done("packages", "libhello", {"version": "latest"})
        self.sh("touch -d '8 days ago' /var/lib/apt/lists/partial /var/lib/apt/lists")
        self.bed().run(AGENT, "check", check=False)
        told = self.wait_compliance("unknown", "packages", "libhello")
        self.assertEqual(told["reason"], "stale")
        self.assertIn("too old", self.bed().journal(AGENT))
        self.sh("apt-get -q update")
        self.bed().run(AGENT, "check", check=False)
        self.wait_compliance("compliant", "packages", "libhello")

    def test_a_hold_is_set_and_taken_off(self):
        done = self.put_done("packages", "libhello", {"hold": True})
        self.assertEqual(self.changes(done)[-1], ("/hold", False, True, "done"))
        self.assertEqual(self.status("libhello"), ("hold", "installed", "1.0"))
        self.assert_settled("libhello", {"hold": True})
        debs.give(self.bed(), "v1", "v2")
        self.assert_fails("hello", {"version": "2.0"}, "conflict", "libhello|[Hh]eld")
        self.put_done("packages", "libhello", {"hold": True, "version": "2.0"})
        self.assertEqual(self.status("libhello"), ("hold", "installed", "2.0"))
        self.put_done("packages", "libhello", {"hold": False})
        self.assertEqual(self.status("libhello"), ("install", "installed", "2.0"))

    def test_a_hold_that_is_undone_meanwhile_stays_undone(self):
        debs.give(self.bed(), "v1", "v2")
        self.put_done("packages", "libhello", {"version": "1.0"})
        self.assert_undone_hold_stays(
            "var/lib/dpkg/lock-frontend", "apt-mark hold libhello",
            "echo libhello install | DPKG_FRONTEND_LOCKED=1 dpkg --set-selections", "2.0")
        self.assertEqual(self.status("libhello"), ("install", "installed", "2.0"))

    def test_what_is_described_outlives_what_has_brought_it(self):
        self.sh("apt-get -qy install hello")
        planned = self.put("libhello", {}, query="?dry_run=all").body
        self.assertEqual(self.changes(planned), [("/automatic", True, False, "planned")])
        self.assertIn("libhello\n", self.sh("apt-mark showauto libhello"))
        done = self.put_done("packages", "libhello", {})
        self.assertEqual(self.changes(done), [("/automatic", True, False, "done")])
        self.assertEqual(self.sh("apt-mark showauto libhello"), "")
        self.assert_settled("libhello", {})
        self.assertIs(self.state("libhello")["automatic"], False)
        self.sh("apt-get -qy remove hello; apt-get -qy autoremove")
        self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))
        self.put_done("packages", "libhello", {"ensure": "absent"})

    def test_another_version_is_wanted_for_itself_as_planned(self):
        debs.give(self.bed(), "v1", "v2")
        self.sh("apt-get -qy install libhello=1.0; apt-mark auto libhello")
        wanted = [("/version", "1.0", "2.0"), ("/automatic", True, False)]
        planned = self.put("libhello", {"version": "2.0"}, query="?dry_run=all").body
        self.assertEqual(self.changes(planned), [(*one, "planned") for one in wanted])
        done = self.put_done("packages", "libhello", {"version": "2.0"})
        self.assertEqual(self.changes(done), [(*one, "done") for one in wanted])
        self.assert_settled("libhello", {"version": "2.0"})
        self.assertEqual(self.sh("apt-mark showauto libhello"), "")

    def test_a_hold_of_what_is_not_installed_means_the_same_in_every_description(self):
        installed = [("/ensure", "absent", "present"), ("/version", None, "1.0")]
        for description, changes, left in (
                ({}, installed, ("hold", "installed", "1.0")),
                ({"hold": True}, installed, ("hold", "installed", "1.0")),
                ({"hold": False}, [*installed, ("/hold", True, False)],
                 ("install", "installed", "1.0")),
                ({"ensure": "absent"}, [], ("hold", "not-installed"))):
            with self.subTest(str(description)):
                self.setUp()
                self.sh("apt-mark hold libhello")
                planned = self.put("libhello", description, query="?dry_run=all").body
                self.assertEqual(self.changes(planned), [(*one, "planned") for one in changes])
                done = self.put_done("packages", "libhello", description)
                self.assertEqual(self.changes(done), [(*one, "done") for one in changes])
                self.assertEqual(self.status("libhello"), left)
                self.assert_settled("libhello", description)

    def test_a_pin_that_is_edited_in_place_counts_at_once(self):
        pin = "/etc/apt/preferences.d/bed"
        self.addCleanup(self.sh, f"rm -f {pin}")
        debs.give(self.bed(), "v1", "v2")
        for version in ("1.0", "2.0"):
            # The shell writes into the file that is there: its folder changes only at first.
            self.sh(f"printf 'Package: libhello\nPin: version {version}\n"
                    f"Pin-Priority: 1001\n' >{pin}")
            planned = self.put("libhello", {"version": "latest"}, query="?dry_run=all").body
            self.assertEqual(self.changes(planned)[-1], ("/version", None, version, "planned"))

    def test_a_changed_configuration_file_is_kept(self):
        self.put_done("packages", "hello", {})
        write(self.bed(), "/etc/hello.conf", "greeting=mine\n")
        debs.give(self.bed(), "v1", "v2")
        self.put_done("packages", "hello", {"version": "2.0"})
        self.assertEqual(self.status("hello"), ("install", "installed", "2.0"))
        self.assertEqual(self.read("/etc/hello.conf"), "greeting=mine\n")

    def test_nobody_is_asked_and_what_was_answered_before_counts(self):
        for said, answer in (("", "nobody\n"), ("echo asks asks/name string ann |"
                                                "debconf-set-selections", "ann\n")):
            self.sh(said)
            self.put_done("packages", "asks", {})
            self.assertEqual(self.read("/opt/asks/name"), answer)
            self.put_done("packages", "asks", {"ensure": "absent"})
            self.sh("dpkg --purge asks")

    def test_a_service_that_its_package_starts_is_its_own(self):
        self.addCleanup(self.sh, "systemctl disable --now svc", check=False)
        self.put_done("packages", "svc", {})
        self.assertEqual(self.sh("systemctl is-active svc").strip(), "active")
        self.sh(f"systemctl restart {AGENT}")
        self.assertEqual(self.sh("systemctl is-active svc").strip(), "active")
        self.assertIn("/svc.service\n", self.sh(
            "cat /proc/$(systemctl show --property=MainPID --value svc)/cgroup"))

    def test_a_failing_script_is_told_and_healed_by_the_next_apply(self):
        write(self.bed(), "/etc/failpost.fails", "")
        self.assert_fails("failpost", {}, "internal", "failpost says why")
        self.assertEqual(self.status("failpost"), ("install", "half-configured", "1.0"))
        state = self.state("failpost")
        self.assertEqual(state["condition"], "half-configured")
        self.sh("rm /etc/failpost.fails")
        done = self.put_done("packages", "failpost", {})
        self.assertEqual(self.changes(done),
                         [("/condition", "half-configured", "installed", "done")])
        self.assert_settled("failpost", {})

    def test_what_cannot_be_installed_is_refused_by_its_reason(self):
        self.put_done("packages", "libhello", {})
        self.assert_fails("no-such-package", {}, "not-found", "no-such-package")
        self.assert_fails("needy", {}, "conflict", "does-not-exist")
        self.assert_fails("clash", {}, "conflict", "/opt/libhello/VERSION")
        self.assert_fails("rival", {}, "conflict", "remove")
        self.assert_fails("hello:all", {}, "invalid", "canonical id .* is hello")
        self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))
        self.assertIsNone(self.status("rival"))

    def runs(self):
        return int(self.sh("cat /var/log/apt/history.log 2>/dev/null | grep -c ^Start-Date || :"))

    def test_many_packages_are_one_run_of_apt_and_fail_alone(self):
        self.assert_many_are_one_run(self.runs, self.status)

    def test_a_lock_is_waited_for(self):
        self.bed().run("systemctl", "restart", AGENT)
        lock = "var/lib/dpkg/lock-frontend"
        with self.locked(lock):
            waiting = threading.Thread(target=self.put_done, args=("packages", "libhello", {}))
            waiting.start()
            self.await_wait_for(lock)
            self.assertTrue(waiting.is_alive())
            self.assertIsNone(self.status("libhello"))
        waiting.join(WAIT_SECONDS)
        self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))


class Replacing(PackagesCase):
    agent = {"collections": {"packages": {"config_files": "replace"}}}

    def test_a_changed_configuration_file_is_replaced_where_the_configuration_says_so(self):
        self.put_done("packages", "hello", {})
        write(self.bed(), "/etc/hello.conf", "greeting=mine\n")
        debs.give(self.bed(), "v1", "v2")
        self.put_done("packages", "hello", {"version": "2.0"})
        self.assertEqual(self.status("hello"), ("install", "installed", "2.0"))
        self.assertEqual(self.read("/etc/hello.conf"), "greeting=2.0\n")
        self.assertEqual(self.read("/etc/hello.conf.dpkg-old"), "greeting=mine\n")

    def test_the_back_end_in_charge_is_shown(self):
        _, told = self.system.agent("deb", "plugins")
        self.assertIn('"backend": "apt"', json.dumps(told))


class Drift(PackagesCase):
    def test_removal_and_upgrade_from_outside_are_seen_at_once(self):
        debs.give(self.bed(), "v1", "v2")
        description = {"version": "1.0", "hold": False}
        self.put_done("packages", "libhello", description)
        for command, field in (
                ("dpkg --purge libhello",
                 {"path": "/ensure", "expected": "present", "actual": "absent"}),
                ("apt-get -qy install libhello=2.0",
                 {"path": "/version", "expected": "1.0", "actual": "2.0"}),
                ("apt-mark hold libhello", {"path": "/hold", "expected": False, "actual": True}),
                ("apt-mark auto libhello",
                 {"path": "/automatic", "expected": False, "actual": True})):
            with self.subTest(command):
                self.put_done("packages", "libhello", description)
                since = self.tamper(command)
                event = self.wait_event("resource.drifted", "packages", "libhello", since)
                self.assertEqual(event["data"]["compliance"]["fields"], [field])
                self.assertEqual(event["data"]["compliance"]["seen_by"], "event")

    def test_drift_is_repaired_where_that_is_the_policy(self):
        debs.give(self.bed(), "v1", "v2")
        self.put_done("packages", "libhello", {"version": "1.0"}, "enforce")
        for command in ("dpkg --purge libhello", "apt-get -qy install libhello=2.0",
                        "apt-mark auto libhello"):
            with self.subTest(command):
                since = self.tamper(command)
                self.wait_event("resource.repaired", "packages", "libhello", since)
                self.assertEqual(self.status("libhello"), ("install", "installed", "1.0"))
                self.assertEqual(self.sh("apt-mark showauto libhello"), "")
                self.assertEqual(self.resource_events("packages", "libhello", since),
                                 ["drifted", "repaired"])

    def test_what_concerns_others_or_nothing_is_no_drift(self):
        self.put_done("packages", "libhello", {})
        since = self.tamper("apt-get -qy install failpost; apt-get -qy install libhello")
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", "libhello", since), [])

    def begin_outside(self):
        """Somebody else installs slowpost, whose script waits. Returns where to look from."""
        since = self.events.mark()
        self.bed().run("systemd-run", "--collect", "--unit=outside",
                       "--setenv=DEBIAN_FRONTEND=noninteractive",
                       "apt-get", "-qy", "install", "slowpost")
        eventually("the script runs", lambda: self.exists("/run/slowpost"))
        return since

    def test_no_package_is_judged_while_a_package_manager_runs(self):
        self.put_done("packages", "slowpost", {"ensure": "absent"}, "report")
        since = self.begin_outside()
        self.assertNotEqual(self.status("slowpost")[1], "installed")
        self.assert_unjudged("slowpost", since)
        write(self.bed(), "/run/slowpost.go", "")
        event = self.wait_event("resource.drifted", "packages", "slowpost", since)
        self.assertEqual(event["data"]["compliance"]["fields"],
                         [{"path": "/ensure", "expected": "absent", "actual": "present"}])
        self.assertEqual(self.state("slowpost")["condition"], "installed")
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", "slowpost", since), ["drifted"])

    def test_a_run_of_over_a_minute_is_no_drift_and_no_failure_to_any_sweep(self):
        self.put_done("packages", "slowpost", {"ensure": "absent"}, "enforce")
        self.put_done("packages", "libhello", {"version": "1.0"}, "enforce")
        since = self.begin_outside()
        self.assertNotEqual(self.status("slowpost")[1], "installed")
        # Over the minute for which the agent believes what it was told once.
        until = time.monotonic() + 65
        while time.monotonic() < until:
            self.bed().run(AGENT, "check", check=False)
            self.assertEqual(self.resource_events("packages", "slowpost", since), [])
            time.sleep(5)  # The time that passes is what this is about.
        self.assertNotEqual(self.status("slowpost")[1], "installed", "it still runs")
        write(self.bed(), "/run/slowpost.go", "")
        self.wait_event("resource.repaired", "packages", "slowpost", since)
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", "slowpost", since),
                         ["drifted", "repaired"])
        self.assertEqual(self.resource_events("packages", "libhello", since), [])

    def test_what_others_leave_half_configured_is_drift(self):
        self.put_done("packages", "failpost", {}, "report")
        write(self.bed(), "/etc/failpost.fails", "")
        since = self.events.mark()
        self.sh("dpkg -i /srv/debs/pool/v1/failpost_1.0_all.deb", check=False)
        event = self.wait_event("resource.drifted", "packages", "failpost", since)
        self.assertEqual(event["data"]["compliance"]["fields"],
                         [{"path": "/condition", "expected": "installed",
                           "actual": "half-configured"}])
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", "failpost", since), ["drifted"])

    def test_a_killed_dpkg_is_seen_and_healed(self):
        self.put_done("packages", "slowpost", {"ensure": "absent"}, "report")
        since = self.begin_outside()
        self.bed().run("systemctl", "kill", "--signal=KILL", "outside")
        self.wait_event("resource.drifted", "packages", "slowpost", since)
        self.assertEqual(self.state("slowpost")["condition"], "half-configured")
        write(self.bed(), "/run/slowpost.go", "")
        done = self.put_done("packages", "slowpost", {}, "enforce")
        self.assertEqual(self.changes(done),
                         [("/condition", "half-configured", "installed", "done")])
        self.assertEqual(self.status("slowpost"), ("install", "installed", "1.0"))

    def test_dpkg_goes_on_when_the_agent_ends(self):
        for end in (("restart",), ("kill", "--kill-whom=main", "--signal=KILL")):
            with self.subTest(end):
                self.setUp()
                reply = self.rest.put("deb", "packages", "slowpost", {}, wait_s=None)
                self.assertEqual(reply.status, 202, reply)
                eventually("the script runs", lambda: self.exists("/run/slowpost"))
                script = self.read("/run/slowpost").strip()
                before = main_pid(self.bed(), AGENT)
                self.bed().run("systemctl", *end, AGENT)
                eventually("the agent runs again",
                           lambda: main_pid(self.bed(), AGENT) not in ("0", before))
                self.assertTrue(self.exists(f"/proc/{script}"))
                write(self.bed(), "/run/slowpost.go", "")
                eventually("dpkg has finished",
                           lambda: self.status("slowpost") == ("install", "installed", "1.0"))
                self.assert_settled("slowpost", {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
