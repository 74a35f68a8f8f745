"""Packages on machines of rpm, one kept by dnf and one by zypper: the same behaviour on both."""

import json
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from beds import rpms
from beds.debs import MANY
from harness.case import SystemCase
from harness.packages import Packages
from harness.system import AGENT, write
from support.wait import WAIT_SECONDS, eventually

TRACES = "rm -f /etc/fail*.fails; touch /run/slowpost.go; "
RELEASE = "1.0-1"


class Machine(Packages):
    """A machine of rpm. Subclasses say which `tool` keeps it."""

    hosts = ("rpm",)
    tool = ""

    @classmethod
    def setUpClass(cls):
        cls.kinds = {"rpm": cls.tool}
        cls.prepare = staticmethod(lambda bed: rpms.give(bed, cls.tool, "v1"))
        super().setUpClass()

    def setUp(self):
        """No test finds what another has left."""
        self.forget_all()
        self.sh(TRACES + "rpm -qa --qf '%{name}.%{arch}\\n' | grep -vE '^(basefiles|gpg-pubkey)' "
                "| xargs -r rpm -e --allmatches --noscripts; "
                "rm -f /run/slowpost* /etc/hello.conf*; : >" + self.hold_file)
        rpms.give(self.bed(), self.tool, "v1")

    def version(self, name):
        """What rpm says is installed, or None."""
        told = self.bed().run("rpm", "-q", "--qf", "%{version}-%{release}\n", name, check=False)
        return told.stdout.strip() if told.returncode == 0 else None

    def assert_keeps_changed_configuration(self):
        self.put_done("packages", "hello", {})
        write(self.bed(), "/etc/hello.conf", "greeting=mine\n")
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.put_done("packages", "hello", {"version": "2.0-1"})
        self.assertEqual(self.read("/etc/hello.conf"), "greeting=mine\n")
        self.assertEqual(self.read("/etc/hello.conf.rpmnew"), "greeting=2.0\n")


class Cases(Machine):
    """What holds on both."""

    # Applying

    def test_a_package_is_installed_with_what_it_needs_as_planned(self):
        planned = self.put("hello", {}, query="?dry_run=all").body
        self.assertIsNone(self.version("hello"))
        done = self.put_done("packages", "hello", {})
        wanted = [("/ensure", "absent", "present"), ("/version", None, RELEASE)]
        self.assertEqual(self.changes(planned), [(*one, "planned") for one in wanted])
        self.assertEqual(self.changes(done), [(*one, "done") for one in wanted])
        self.assertEqual(self.version("hello"), RELEASE)
        self.assertEqual(self.version("libhello"), RELEASE)
        self.assert_settled("hello", {})
        state = self.state("hello")
        self.assertEqual(state, {"version": RELEASE, "condition": "installed", "hold": False,
                                 "automatic": False, "candidate": RELEASE, "lists_stale": False})

    def test_a_plan_writes_nothing(self):
        seen = "find /var/lib/rpm /var/lib/dnf /var/lib/zypp /var/log /etc /run/zypp.pid " \
               "/var/cache/dnf /var/cache/zypp -type f ! -name '*-shm' ! -name journal " \
               "-printf '%p %s %T@ %i\\n' 2>/dev/null | grep -v /var/log/journal | sort"
        self.put_done("packages", "libhello", {})
        for rid, description in (("hello", {}), ("libhello", {"ensure": "absent"}),
                                 ("libhello", {"hold": True})):
            before = self.sh(seen)
            planned = self.put(rid, description, query="?dry_run=all").body
            self.assertTrue(self.changes(planned), planned)
            self.assertEqual(self.sh(seen), before, rid)

    def test_a_package_is_removed_and_what_it_needed_stays(self):
        self.put_done("packages", "hello", {})
        done = self.put_done("packages", "hello", {"ensure": "absent"})
        self.assertEqual(self.changes(done), [("/ensure", "present", "absent", "done")])
        self.assertIsNone(self.version("hello"))
        self.assert_settled("hello", {"ensure": "absent"})
        self.assertEqual(self.version("libhello"), RELEASE)

    # Who wants a package

    def install_for_others(self):
        """Somebody installs hello, and libhello comes because hello needs it."""
        self.bed().run(*self.install, "hello")
        self.assertEqual(self.automatic(), ["libhello"])

    def test_what_is_described_outlives_what_has_brought_it(self):
        self.install_for_others()
        planned = self.put("libhello", {}, query="?dry_run=all").body
        self.assertEqual(self.changes(planned), [("/automatic", True, False, "planned")])
        self.assertEqual(self.automatic(), ["libhello"])
        done = self.put_done("packages", "libhello", {})
        self.assertEqual(self.changes(done), [("/automatic", True, False, "done")])
        self.assertEqual(self.automatic(), [])
        self.assert_settled("libhello", {})
        self.assertIs(self.state("libhello")["automatic"], False)
        self.bed().run("rpm", "--erase", "hello")
        self.assertNotIn("libhello", self.unneeded())
        self.put_done("packages", "libhello", {"ensure": "absent"})
        self.assertIsNone(self.version("libhello"))
        self.assert_settled("libhello", {"ensure": "absent"})

    def test_what_nobody_describes_stays_as_it_was_marked(self):
        self.put_done("packages", "hello", {})
        self.assertEqual(self.automatic(), ["libhello"])
        self.put_done("packages", "hello", {"ensure": "absent"})
        self.assertIn("libhello", self.unneeded())

    def test_another_version_is_wanted_for_itself_as_planned(self):
        self.install_for_others()
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.bed().run("rpm", "--erase", "hello")
        wanted = [("/version", RELEASE, "2.0-1"), ("/automatic", True, False)]
        planned = self.put("libhello", {"version": "2.0-1"}, query="?dry_run=all").body
        self.assertEqual(self.changes(planned), [(*one, "planned") for one in wanted])
        done = self.put_done("packages", "libhello", {"version": "2.0-1"})
        self.assertEqual(self.changes(done), [(*one, "done") for one in wanted])
        self.assertEqual(self.automatic(), [])
        self.assert_settled("libhello", {"version": "2.0-1"})

    def test_many_are_marked_at_once(self):
        self.put_done("packages", "hello", {})
        for name in (*MANY[:3], "libhello"):
            self.bed().run(*self.install, name)
            self.sh(self.mark_automatic.format(name))
        self.assertEqual(self.automatic(), sorted([*MANY[:3], "libhello"]))
        _, told = self.apply_all({name: {} for name in MANY[:3]})
        for name in MANY[:3]:
            self.assertEqual([one["path"] for one in told[name]["changes"]], ["/automatic"])
        self.assertEqual(self.automatic(), ["libhello"])

    def test_a_package_manager_that_works_does_not_bring_the_mark_back(self):
        self.install_for_others()
        self.bed().run("systemd-run", "--collect", "--unit=outside", *self.install, "slowpost")
        eventually("the script runs", lambda: self.exists("/run/slowpost"))
        with ThreadPoolExecutor() as threads:
            since = self.events.mark()
            marking = threads.submit(self.put_done, "packages", "libhello", {})
            self.events.wait(lambda event: event["type"] == "command.changed"
                             and event["data"]["state"] == "running", since=since)
            with self.assertRaises(TimeoutError, msg="it waits for the run"):
                marking.result(timeout=1)
            write(self.bed(), "/run/slowpost.go", "")
            marking.result(WAIT_SECONDS)
        self.assertEqual(self.version("slowpost"), RELEASE)
        self.assertEqual(self.automatic(), [])

    def test_an_export_leaves_out_what_is_there_only_for_others(self):
        self.install_for_others()
        exported = self.bed().run(AGENT, "export", "packages").stdout
        self.assertIn('"hello"', exported)
        self.assertNotIn('"libhello"', exported)

    def test_what_others_need_is_not_removed(self):
        self.put_done("packages", "hello", {})
        self.assert_fails("libhello", {"ensure": "absent"}, "conflict", "would go too: hello")
        self.assertEqual(self.version("libhello"), RELEASE)

    def test_exact_versions_go_up_and_down(self):
        rpms.give(self.bed(), self.tool, "v1", "v2")
        for version in ("1.0-1", "2.0-1", "1.0-1"):
            self.put_done("packages", "libhello", {"version": version})
            self.assertEqual(self.version("libhello"), version)
            self.assert_settled("libhello", {"version": version})
        self.assert_fails("libhello", {"version": "3.0-1"}, "not-found", "3.0-1.*1.0-1.*2.0-1")

    def test_nobody_elses_package_is_lowered(self):
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.put_done("packages", "hello", {"version": "2.0-1"})
        self.assert_fails("libhello", {"version": "1.0-1"}, "conflict", "hello")
        self.assertEqual(self.version("libhello"), "2.0-1")

    def test_latest_follows_the_lists_as_they_are(self):
        self.put_done("packages", "libhello", {"version": "latest"})
        self.assertEqual(self.version("libhello"), RELEASE)
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.bed().run(AGENT, "check", check=False)
        told = self.wait_compliance("drifted", "packages", "libhello")
        self.assertEqual(told["fields"],
                         [{"path": "/version", "expected": "2.0-1", "actual": RELEASE}])
        done = self.put_done("packages", "libhello", {"version": "latest"})
        self.assertEqual(self.changes(done), [("/version", RELEASE, "2.0-1", "done")])
        self.assert_settled("libhello", {"version": "latest"})

    def test_latest_is_not_judged_by_lists_of_long_ago(self):
        self.put_done("packages", "libhello", {"version": "latest"})
        self.sh(f"touch -d '8 days ago' {self.lists}")
        self.bed().run(AGENT, "check", check=False)
        told = self.wait_compliance("unknown", "packages", "libhello")
        self.assertEqual(told["reason"], "stale")
        rpms.give(self.bed(), self.tool, "v1")
        self.bed().run(AGENT, "check", check=False)
        self.wait_compliance("compliant", "packages", "libhello")

    def test_a_hold_is_set_and_taken_off(self):
        done = self.put_done("packages", "libhello", {"hold": True})
        self.assertEqual(self.changes(done)[-1], ("/hold", False, True, "done"))
        self.assertIn("libhello", self.read(self.hold_file))
        self.assert_settled("libhello", {"hold": True})
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.assert_fails("hello", {"version": "2.0-1"}, "conflict", "libhello")
        self.put_done("packages", "libhello", {"hold": True, "version": "2.0-1"})
        self.assertEqual(self.version("libhello"), "2.0-1")
        self.assert_settled("libhello", {"hold": True, "version": "2.0-1"})
        self.put_done("packages", "libhello", {"hold": False})
        self.assertNotIn("libhello", self.read(self.hold_file))
        self.put_done("packages", "libhello", {"hold": True})
        self.put_done("packages", "libhello", {"ensure": "absent"})
        self.assertIsNone(self.version("libhello"))
        self.assertNotIn("libhello", self.read(self.hold_file))

    def test_a_hold_that_is_undone_meanwhile_stays_undone(self):
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.put_done("packages", "libhello", {"version": "1.0-1"})
        self.assert_undone_hold_stays("var/lib/rpm/.rpm.lock", self.hold, ": >" + self.hold_file,
                                      "2.0-1")
        self.assertEqual(self.version("libhello"), "2.0-1")
        self.assertEqual(self.read(self.hold_file).strip(), "")

    def test_another_architecture_is_a_package_of_its_own(self):
        self.put_done("packages", "both:i686", {})
        self.put_done("packages", "both", {"ensure": "absent"})
        self.assertEqual(self.version("both.i686"), RELEASE)
        self.assertIsNone(self.version("both.x86_64"))
        self.assert_settled("both:i686", {})
        self.assert_fails("both:x86_64", {}, "invalid", "canonical id .* is both")

    def test_a_changed_configuration_file_is_kept(self):
        self.assert_keeps_changed_configuration()

    def test_a_failing_script_is_told(self):
        write(self.bed(), "/etc/failpre.fails", "")
        self.assert_fails("failpre", {}, "internal", "failpre says why")
        self.assertIsNone(self.version("failpre"))
        write(self.bed(), "/etc/failpost.fails", "")
        self.assert_fails("failpost", {}, "internal", "script of it failed.*failpost says why")
        self.assertEqual(self.version("failpost"), RELEASE, "rpm does not take it back")

    def test_what_cannot_be_installed_is_refused_by_its_reason(self):
        self.put_done("packages", "libhello", {})
        self.assert_fails("no-such-package", {}, "not-found", "no-such-package")
        self.assert_fails("needy", {}, "conflict", "nothing provides does-not-exist")
        self.assert_fails("clash", {}, "conflict", "/opt/libhello/VERSION")
        self.assert_fails("rival", {}, "conflict", "conflicts with libhello")
        self.assert_fails("hello:noarch", {}, "invalid", "canonical id .* is hello")
        self.assertEqual(self.version("libhello"), RELEASE)
        self.assertIsNone(self.version("rival"))
        self.assertIsNone(self.version("clash"))

    def test_many_packages_are_one_run_and_fail_alone(self):
        self.assert_many_are_one_run(self.runs, self.version)

    def test_a_lock_is_waited_for(self):
        self.put_done("packages", "libhello", {})
        self.bed().run("systemctl", "restart", AGENT)
        lock = "var/lib/rpm/.rpm.lock"
        with self.locked(lock):
            waiting = threading.Thread(target=self.put_done,
                                       args=("packages", "libhello", {"ensure": "absent"}))
            waiting.start()
            self.await_wait_for(lock)
            self.assertTrue(waiting.is_alive())
            self.assertEqual(self.version("libhello"), RELEASE)
        waiting.join(WAIT_SECONDS)
        self.assertIsNone(self.version("libhello"))

    # Drift

    def test_changes_from_outside_are_seen_at_once(self):
        rpms.give(self.bed(), self.tool, "v1", "v2")
        description = {"version": "1.0-1", "hold": False}
        up = "/srv/rpms/v2/noarch/libhello-2.0-1.noarch.rpm"
        for command, field in (
                ("rpm --erase libhello",
                 {"path": "/ensure", "expected": "present", "actual": "absent"}),
                (f"rpm --upgrade {up}",
                 {"path": "/version", "expected": "1.0-1", "actual": "2.0-1"}),
                (self.hold, {"path": "/hold", "expected": False, "actual": True}),
                (self.mark_automatic.format("libhello"),
                 {"path": "/automatic", "expected": False, "actual": True})):
            with self.subTest(command):
                self.put_done("packages", "libhello", description)
                since = self.tamper(command)
                event = self.wait_event("resource.drifted", "packages", "libhello", since)
                self.assertEqual(event["data"]["compliance"]["fields"], [field])
                self.assertEqual(event["data"]["compliance"]["seen_by"], "event")

    def test_drift_is_repaired_where_that_is_the_policy(self):
        self.put_done("packages", "libhello", {"version": "1.0-1"}, "enforce")
        for command in ("rpm --erase libhello", self.mark_automatic.format("libhello")):
            with self.subTest(command):
                since = self.tamper(command)
                self.wait_event("resource.repaired", "packages", "libhello", since)
                self.assertEqual(self.version("libhello"), RELEASE)
                self.assertEqual(self.automatic(), [])
                self.assertEqual(self.resource_events("packages", "libhello", since),
                                 ["drifted", "repaired"])

    def test_what_concerns_others_or_nothing_is_no_drift(self):
        self.put_done("packages", "libhello", {})
        since = self.tamper("rpm -i /srv/rpms/v1/noarch/failpost-*.rpm; rpm -qa >/dev/null")
        self.bed().run(AGENT, "read", "packages", "libhello")
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", "libhello", since), [])

    def test_no_package_is_judged_while_a_package_manager_runs(self):
        self.put_done("packages", "slowpost", {"ensure": "absent"}, "report")
        since = self.events.mark()
        self.bed().run("systemd-run", "--collect", "--unit=outside", *self.install, "slowpost")
        eventually("the script runs", lambda: self.exists("/run/slowpost"))
        self.assertEqual(self.version("slowpost"), RELEASE)
        self.assert_unjudged("slowpost", since)
        write(self.bed(), "/run/slowpost.go", "")
        self.wait_event("resource.drifted", "packages", "slowpost", since)
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", "slowpost", since), ["drifted"])

    def kill_upgrade(self):
        """Somebody else's upgrade of slowpost is killed when the new one is there and the old one
        not yet gone."""
        rpms.give(self.bed(), self.tool, "v1", "v2")
        self.bed().run("systemd-run", "--collect", "--unit=outside", *self.install,
                       self.exactly.format("slowpost", "2.0-1"))
        eventually("the script runs", lambda: self.exists("/run/slowpost"))
        self.bed().run("systemctl", "kill", "--signal=KILL", "outside")
        write(self.bed(), "/run/slowpost.go", "")

    def install_slowpost(self):
        write(self.bed(), "/run/slowpost.go", "")
        self.put_done("packages", "slowpost", {}, "report")
        self.sh("rm -f /run/slowpost*")

    def test_a_killed_upgrade_is_seen_and_healed(self):
        self.install_slowpost()
        since = self.events.mark()
        self.kill_upgrade()
        event = self.wait_event("resource.drifted", "packages", "slowpost", since)
        self.assertEqual(self.version("slowpost").split(), ["1.0-1", "2.0-1"])
        self.assertEqual(event["data"]["compliance"]["fields"],
                         [{"path": "/condition", "expected": "installed",
                           "actual": "half-upgraded"}])
        self.assertEqual(self.state("slowpost")["version"], "2.0-1")
        self.assertEqual(len(self.read("/run/slowpost.runs").splitlines()), 1)
        done = self.put_done("packages", "slowpost", {})
        self.assertEqual(self.changes(done), [("/condition", "half-upgraded", "installed", "done")])
        self.assertEqual(self.version("slowpost"), "2.0-1")
        self.assertEqual(self.read("/opt/slowpost/VERSION"), "slowpost 2.0\n")
        self.assertEqual(len(self.read("/run/slowpost.runs").splitlines()), 2,
                         "installed once more, with its scripts")
        self.assert_settled("slowpost", {})

    def test_a_killed_upgrade_can_be_taken_back_or_removed(self):
        for description, version in (({"version": "1.0-1"}, "1.0-1"), ({"ensure": "absent"}, None)):
            with self.subTest(description):
                self.install_slowpost()
                self.kill_upgrade()
                self.put_done("packages", "slowpost", description)
                self.assertEqual(self.version("slowpost"), version)
                if version:
                    self.assertEqual(self.read("/opt/slowpost/VERSION"), "slowpost 1.0\n")
                self.assert_settled("slowpost", description)

    def test_several_versions_side_by_side_are_no_drift_where_they_may_be(self):
        self.put_done("packages", "side", {})
        self.sh("rpm -i --replacefiles /srv/rpms/v2/noarch/side-2.0-1.noarch.rpm")
        self.assertEqual(self.version("side").split(), ["1.0-1", "2.0-1"])
        self.assert_settled("side", {})
        self.assertEqual(self.state("side")["version"], "2.0-1")
        self.assertEqual(self.state("side")["condition"], "installed")

    def test_the_run_goes_on_when_the_agent_ends(self):
        reply = self.rest.put("rpm", "packages", "slowpost", {}, wait_s=None)
        self.assertEqual(reply.status, 202, reply)
        eventually("the script runs", lambda: self.exists("/run/slowpost"))
        self.system.kill(self.bed(), AGENT)
        write(self.bed(), "/run/slowpost.go", "")
        eventually("it has finished", lambda: self.version("slowpost") == RELEASE)
        self.assert_settled("slowpost", {})


class Dnf:
    tool = "dnf"
    hold_file = "/etc/dnf/plugins/versionlock.list"
    hold = "dnf -q -C versionlock add libhello"
    install = ("dnf", "-y", "install")
    exactly = "{}-{}"
    lists = "/var/cache/dnf/*/repodata/*"

    mark_automatic = "dnf -q mark remove {}"

    def automatic(self):
        """What dnf has installed only for others."""
        told = self.sh("dnf -q -C repoquery --installed --queryformat '%{name} %{reason}'")
        return sorted(line.split()[0] for line in told.splitlines() if "dependency" in line)

    def unneeded(self):
        """What nothing needs is taken away; says what that was."""
        return self.sh("dnf -y -C autoremove")

    def runs(self):
        return len(self.sh("dnf -q history list | grep '^ *[0-9]'", check=False).splitlines())


class OnDnf(Dnf, Cases, SystemCase):
    def test_dnf_is_not_asked_again_while_no_transaction_is_added(self):
        # For each run of dnf that only reads, the agent makes a folder here and removes it.
        runs = "stat -c %y /var/lib/evenkeel/agent/plugins/packages"
        self.put_done("packages", "libhello", {})
        self.bed().run(AGENT, "check", check=False)
        so_far = self.sh(runs)
        for _ in range(2):
            self.bed().run(AGENT, "check", check=False)
            self.bed().run(AGENT, "read", "packages", "libhello")
        self.assertEqual(self.sh(runs), so_far)
        self.sh("dnf -q -C list installed")
        self.bed().run(AGENT, "read", "packages", "libhello")
        self.assertEqual(self.sh(runs), so_far, "what others read changes nothing")
        history = "cd /var/lib/dnf; stat -c '%n %y %z' history.sqlite*; md5sum history.sqlite*"
        self.sh("dnf -q mark remove libhello")
        as_left = self.sh(history)
        self.assertIn('"automatic": true',
                      self.bed().run(AGENT, "read", "packages", "libhello").stdout)
        self.assertNotEqual(self.sh(runs), so_far)
        self.assertEqual(self.sh(history), as_left, "a copy was read")

    def test_without_the_plugin_nothing_can_be_held(self):
        parts = ("/etc/dnf/plugins/versionlock.conf",
                 "/usr/lib/python3/dist-packages/dnf-plugins/versionlock.py")
        for part in parts:
            self.sh(f"mv {part} {part}.away")
        try:
            self.assert_fails("libhello", {"hold": True}, "unsupported", "cannot hold.*versionlock")
            self.assertIsNone(self.version("libhello"))
            self.put_done("packages", "libhello", {"hold": False})
        finally:
            for part in parts:
                self.sh(f"mv {part}.away {part}")


class OnYum(Dnf, Machine, SystemCase):
    agent = {"collections": {"packages": {"backend": "yum", "config_files": "replace"}}}

    def test_yum_is_in_charge_where_the_configuration_says_so(self):
        _, told = self.system.agent("rpm", "plugins")
        self.assertIn('"backend": "yum"', json.dumps(told))
        since = self.sh("dnf history list | wc -l")
        self.put_done("packages", "hello", {"version": "1.0-1"})
        self.assertEqual(self.version("hello"), RELEASE)
        self.put_done("packages", "hello", {"ensure": "absent"})
        self.assertIsNone(self.version("hello"))
        self.assertNotEqual(self.sh("dnf history list | wc -l"), since)

    def test_what_a_package_keeps_is_kept_whatever_the_configuration_says(self):
        self.assert_keeps_changed_configuration()
        self.assertIn('config_files "replace" has no effect with yum', self.bed().journal(AGENT))


class OnZypper(Cases, SystemCase):
    tool = "zypper"
    hold_file = "/etc/zypp/locks"
    hold = "zypper -n --no-refresh addlock libhello"
    install = ("zypper", "-n", "--no-refresh", "install")
    exactly = "{}={}"
    lists = "/var/cache/zypp/raw/* /var/cache/zypp/raw/*/repodata/repomd.xml"
    # It has no command for that: libzypp replaces its list.
    mark_automatic = "cd /var/lib/zypp && (cat AutoInstalled; echo {}) >other && " \
                     "mv other AutoInstalled"

    def automatic(self):
        """What zypper has installed only for others."""
        lines = self.read("/var/lib/zypp/AutoInstalled").splitlines()
        return sorted({line for line in lines if not line.startswith("#") and self.version(line)})

    def unneeded(self):
        """What nothing needs, as zypper says."""
        return self.sh("zypper -n --no-refresh packages --unneeded")

    def runs(self):
        # Each run that changes something says how it was called.
        return int(self.sh("cat /var/log/zypp/history | grep -c '|command|' || :"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
