"""What ek changes: apply, delete, forget, dry runs, waiting, several hosts, managing."""

import json
import re
import signal
import threading
import time
import unittest

from ek import EkCase
from fake_api import bookmark, hang_up, page, problem, reply, stream, told
from samples import (CONTENT_CHANGE, FILE, HOST_A, HOST_B, HOST_OLD, MODE_CHANGE, MOTD, command,
                     planned)

APPLY = "/v1/hosts/web1:apply"
APPLY_B = "/v1/hosts/web2:apply"
MOTD_PATH = "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd"
COMMAND = "/v1/commands/cmd_1"


class Change(EkCase):
    @property
    def sent(self):
        """What was asked for the command's sake, without what follows the progress of hosts."""
        aside = ("/v1/events", "/v1/hosts")
        return [r for r in self.api.requests if r.path not in aside or r.method != "GET"]

    def apply(self, *more, exits=0, hosts=("web1",)):
        given = [word for host in hosts for word in ("--host", host)]
        return self.ek("apply", "-f", str(self.file), *given, *more, exits=exits)


class Apply(Change):
    def test_the_file_is_sent_and_the_finished_command_shown(self):
        self.api.on("POST", APPLY, reply(200, command()))
        shown = self.apply()
        request = self.sent[0]
        self.assertEqual(request.json(), FILE)
        self.assertEqual(request.headers["prefer"], "wait=60")
        self.assertEqual(request.headers["content-type"], "application/json")
        self.assertRegex(shown, r"web1 +files +/etc/motd +/mode +0600 +0644 +done")
        self.assertEqual(self.told, "ek: web1: command cmd_1 succeeded\n")

    def test_json_lists_the_commands(self):
        self.api.on("POST", APPLY, reply(200, command()))
        self.assertEqual(json.loads(self.apply("-o", "json")), {"items": [command()]})

    def test_a_failed_command_is_1_and_says_why(self):
        error = {"code": "invalid", "detail": "no user bob"}
        self.api.on("POST", APPLY, reply(200, command("failed", [], error, resource_error=error)))
        self.assertIn("failed: no user bob", self.apply(exits=1))
        self.assertIn("command cmd_1 failed: invalid: no user bob", self.told)

    def test_what_did_not_end_well_is_not_success(self):
        for state, exits in (("expired", 1), ("cancelled", 1), ("interrupted", 1),
                             ("superseded", 6)):
            self.api.on("POST", APPLY, reply(200, command(state, [])))
            self.apply(exits=exits)
            self.assertIn(state, self.told)

    def test_standard_input_is_a_file(self):
        self.api.on("POST", APPLY, reply(200, command()))
        self.ek("apply", "-f", "-", "--host", "web1", stdin=json.dumps(FILE))
        self.assertEqual(self.sent[0].json(), FILE)

    def test_a_file_that_does_not_read_is_not_sent(self):
        for text in ("{", "[]", '{"resources":{}}', '{"resources":[],"resources":[]}'):
            self.file.write_text(text)
            self.apply(exits=2)
            self.assertIn(str(self.file), self.told)
        self.assertEqual(self.sent, [])


class Waiting(Change):
    def test_an_unfinished_command_is_asked_for_until_it_is_finished(self):
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("GET", COMMAND, reply(200, command("running", [])), reply(200, command()))
        self.apply()
        self.assertEqual(len(self.api.asked("GET", COMMAND)), 2)
        self.assertIn("cmd_1 succeeded", self.told)

    def test_the_time_is_over_is_8_and_the_command_goes_on(self):
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("GET", COMMAND, reply(200, command("queued", [])))
        self.assertEqual(self.apply("--wait=300ms", exits=8), "")
        self.assertIn("still queued", self.told)
        self.assertIn("ek describe command cmd_1", self.told)
        self.assertEqual(self.sent[0].headers["prefer"], "wait=1")

    def test_no_wait_returns_with_the_stored_command(self):
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.apply("--no-wait")
        self.assertEqual(len(self.sent), 1)
        self.assertNotIn("prefer", self.sent[0].headers)
        self.assertIn("command cmd_1 queued", self.told)

    def test_an_interrupt_leaves_the_command_alone(self):
        polled = threading.Event()

        def queued(handler, request):
            polled.set()
            reply(200, command("queued", []))(handler, request)

        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("GET", COMMAND, queued)
        process = self.start("apply", "-f", str(self.file), "--host", "web1")
        self.assertTrue(polled.wait(10))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 130)
        self.assertIn("ek cancel command cmd_1", told)
        self.assertEqual([r.path for r in self.api.asked("POST")], [APPLY])


class Owned(Change):
    OWNED = "files /etc/motd is owned by the assignment web (application nginx, version 3)"

    def test_what_an_assignment_owns_is_changed_by_override_alone(self):
        refused = problem(409, "owned", self.OWNED,
                          [{"pointer": "", "code": "owned", "detail": self.OWNED}])
        rollback = MOTD_PATH + ":rollback"
        self.api.on("DELETE", MOTD_PATH, refused, reply(200, command()))
        self.api.on("POST", rollback, reply(200, command()))
        delete = ("delete", "resource", "files", "/etc/motd", "--host", "web1")
        self.ek(*delete, exits=6)
        self.assertIn("owned: " + self.OWNED, self.told)
        self.assertEqual(self.told.count(self.OWNED), 1)
        self.ek(*delete, "--override")
        self.assertEqual([r.query for r in self.api.asked("DELETE")], [{}, {"override": "true"}])
        self.ek("rollback", "files", "/etc/motd", "--to", "7", "--override", "--host", "web1")
        self.assertEqual(self.api.asked("POST")[-1].query, {"override": "true"})

    def test_forgetting_what_overrides_says_who_describes_it_again(self):
        done = command()
        done["verb"] = "forget"
        done["resources"][0]["notes"] = ["it is described again by the assignment web"]
        self.api.on("POST", MOTD_PATH + ":forget", reply(200, done))
        self.ek("forget", "resource", "files", "/etc/motd", "--host", "web1")
        self.assertIn("described again by the assignment web", self.told)
        self.assertNotIn("dropped", self.told)

    def test_wide_lists_name_the_owners(self):
        web = {"assignment": "web", "application": "nginx", "version": 3, "on_leave": "forget"}
        self.api.on("GET", "/v1/hosts/web1/resources",
                    page([{**MOTD, "owners": [web], "overrides": True}]))
        self.assertIn("web (overridden)",
                      self.ek("get", "resources", "--host", "web1", "-o", "wide"))


class DryRun(Change):
    # What a dry run must not say: that something was done, or is being done.
    CLAIMS = re.compile(r"\b(appl(ied|ying)|creat(ed|ing)|delet(ed|ing)|remov(ed|ing)|"
                        r"chang(ed|ing)|wrote|writ(ten|ing)|updat(ed|ing)|set|setting|done|"
                        r"succeeded)\b", re.I)

    def assert_claims_nothing(self, shown):
        self.assertIsNone(self.CLAIMS.search(shown + self.told), shown + self.told)

    def test_it_says_what_would_be_done_and_claims_nothing(self):
        answer = reply(200, planned(MODE_CHANGE, CONTENT_CHANGE), {"Dry-Run": "all"})
        self.api.on("POST", APPLY, answer)
        self.api.on("DELETE", MOTD_PATH, answer)
        for arguments in (("apply", "--dry-run", "-f", str(self.file)),
                          ("diff", "-f", str(self.file)),
                          ("delete", "resource", "files", "/etc/motd", "--dry-run")):
            shown = self.ek(*arguments, "--host", "web1")
            self.assertEqual(self.sent[-1].query, {"dry_run": "all"})
            self.assertNotIn("prefer", self.sent[-1].headers)
            self.assertRegex(shown, r"/mode +0600 +0644 +planned")
            self.assertIn("-old\n+hello\n", shown)
            self.assertEqual(self.told, "ek: web1: dry run: 2 changes would be made\n")
            self.assert_claims_nothing(shown)

    def test_diff_exits_with_3_only_when_asked_and_only_for_changes(self):
        self.api.on("POST", APPLY, reply(200, planned(MODE_CHANGE)))
        self.ek("diff", "-f", str(self.file), "--host", "web1")
        self.ek("diff", "-f", str(self.file), "--host", "web1", "--exit-code", exits=3)
        self.api.on("POST", APPLY, reply(200, planned()))
        shown = self.ek("diff", "-f", str(self.file), "--host", "web1", "--exit-code")
        self.assertIn("no change", shown)
        self.assert_claims_nothing(shown)

    def test_the_summary_tells_also_of_what_has_no_fields_to_show(self):
        answer = planned(MODE_CHANGE, CONTENT_CHANGE)
        one = {**answer["resources"][0], "changes": []}
        later = {**one, "id": "/later", "error": {"code": "not_found", "detail": "no user bob"}}
        answer["resources"].append(later)
        self.api.on("POST", APPLY, reply(200, answer))
        self.ek("diff", "-f", str(self.file), "--host", "web1")
        self.assertEqual(self.told, "ek: web1: dry run: 2 changes would be made; of 1 resource it "
                                    "cannot be told yet\n")
        self.api.on("POST", APPLY, reply(200, {**answer, "resources": [later]}))
        self.ek("diff", "-f", str(self.file), "--host", "web1", "--exit-code", exits=3)
        error = {"code": "denied", "detail": "the plan compares a secret"}
        answer["resources"] += [{**one, "id": "/bad", "outcome": "failed", "error": error},
                                {**one, "id": "/pin", "outcome": "skipped", "error": error}]
        self.api.on("POST", APPLY, reply(200, answer))
        shown = self.ek("diff", "-f", str(self.file), "--host", "web1", exits=1)
        self.assertRegex(shown, r"/pin +- +- +- +skipped: the plan compares a secret")
        self.assertIn("; 1 resource would fail; 1 resource would be skipped\n", self.told)

    def test_what_is_worth_knowing_is_shown_beside_the_changes(self):
        answer = planned(MODE_CHANGE)
        answer["resources"][0]["notes"] = ["no user bob yet"]
        self.api.on("POST", APPLY, reply(200, answer))
        for more in ((), ("--changed-only",)):
            shown = self.ek("diff", "-f", str(self.file), "--host", "web1", *more)
            self.assertRegex(shown, r"web1 +files +/etc/motd +- +- +- +note: no user bob yet\n")

    def test_only_what_changes_is_shown_when_asked(self):
        both = planned(MODE_CHANGE)
        both["resources"] += [{**both["resources"][0], "id": "/etc/same", "changes": []}]
        self.api.on("POST", APPLY, reply(200, both))
        self.assertIn("/etc/same", self.ek("diff", "-f", str(self.file), "--host", "web1"))
        shown = self.ek("diff", "-f", str(self.file), "--host", "web1", "--changed-only")
        self.assertNotIn("/etc/same", shown)
        self.assertIn("/etc/motd", shown)

    def test_a_diff_is_coloured_where_colours_are_wanted(self):
        self.api.on("POST", APPLY, reply(200, planned(CONTENT_CHANGE)))
        self.assertNotIn("\x1b", self.ek("diff", "-f", str(self.file), "--host", "web1"))
        self.environment["CLICOLOR_FORCE"] = "1"
        shown = self.ek("diff", "-f", str(self.file), "--host", "web1")
        self.assertIn("\x1b[31m-old\x1b[0m\n\x1b[32m+hello\x1b[0m\n", shown)
        self.environment["NO_COLOR"] = "1"
        self.assertNotIn("\x1b", self.ek("diff", "-f", str(self.file), "--host", "web1"))

    def test_a_host_that_cannot_be_asked_is_7(self):
        self.api.on("POST", APPLY, problem(409, "host-offline"))
        self.ek("diff", "-f", str(self.file), "--host", "web1", "--exit-code", exits=7)


FLEET = "/v1/resources:apply"
COMMANDS = "/v1/commands"
WEB = "labels.role = web"


def applied(hosts, refused=(), **commands):
    return reply(202, {"request_id": "req_1", "hosts": hosts, "commands": commands,
                       "refused_count": len(refused), "refused": list(refused)})


class Target(Change):
    def setUp(self):
        super().setUp()
        self.held = threading.Event()
        self.addCleanup(self.held.set)
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B]))  # web2 is offline

    def to_target(self, *more, exits=0):
        return self.ek("apply", "-f", str(self.file), "--target", WEB, *more, exits=exits)

    def follow(self, *events, listed=()):
        """`listed` is what a look without watching finds."""
        watched = stream(*events, bookmark(7, True), hold=self.held)
        found = page(list(listed))
        self.api.on("GET", COMMANDS, lambda handler, request:
                    (watched if "watch" in request.query else found)(handler, request))

    def test_one_request_is_sent_and_its_commands_are_followed(self):
        self.api.on("POST", FLEET, applied(1, queued=1))
        self.follow(told("added", **command("queued", [])), bookmark(6),
                    told("modified", **command()))
        self.assertEqual(self.to_target(), "")
        self.assertEqual(self.told, "ek: 1 host: 1 succeeded, 0 failed, 0 offline\n")
        self.assertEqual(self.sent[0].json(), {**FILE, "target": {"filter": WEB}})
        self.assertNotIn("prefer", self.sent[0].headers)
        self.assertEqual(self.sent[1].query, {"watch": "1", "filter": "request_id = req_1"})

    def test_each_failed_host_is_named_and_those_offline_hold_up_nobody(self):
        no_bob = {"code": "invalid", "detail": "no user bob"}
        refused = {"host": "host_c", "code": "unknown-collection", "detail": "no collection files"}
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B, HOST_OLD]))
        self.api.on("POST", FLEET, applied(4, [refused], queued=3))
        events = [told("added", **command("queued", [], id="cmd_2", host="host_b")),
                  told("added", **command("failed", [], no_bob, resource_error=no_bob)),
                  told("added", **command(id="cmd_3", host="host_d"))]
        self.follow(*events)
        shown = self.to_target(exits=7)
        self.assertRegex(shown, r"web1 +files +/etc/motd .+ failed: no user bob")
        self.assertNotIn("host_d", shown)
        self.assertEqual(self.told.splitlines(), [
            "ek: web1: command cmd_1 failed: invalid: no user bob",
            "ek: web3: unknown-collection: no collection files",
            "ek: not connected, the commands wait: web2",
            "ek: 4 hosts: 1 succeeded, 2 failed, 1 offline",
            "ek: follow them with: ek get commands --filter 'request_id = req_1'"])
        items = json.loads(self.to_target("-o", "json", exits=7))["items"]
        self.assertEqual({one["id"] for one in items}, {"cmd_1", "cmd_2", "cmd_3"})

    def test_wait_waits_for_those_offline_too_and_has_an_end(self):
        self.api.on("POST", FLEET, applied(1, queued=1))
        self.follow(told("added", **command("queued", [], host="host_b")))
        self.to_target(exits=7)
        self.to_target("--wait=300ms", exits=8)
        self.assertEqual(self.told.splitlines()[0],
                         "ek: not connected, the commands wait: web2")
        self.assertIn("1 host: 0 succeeded, 0 failed, 1 offline\n", self.told)
        self.assertIn("request_id = req_1", self.told)
        # Nor does a server that is gone make it longer.
        self.api.on("GET", COMMANDS, stream(bookmark(7, True)), hang_up())
        self.to_target("--wait=300ms", exits=8)

    def test_what_ended_just_before_the_time_was_over_has_ended(self):
        self.api.on("POST", FLEET, applied(2, queued=2))
        queued = [told("added", **command("queued", [])),
                  told("added", **command("queued", [], id="cmd_2", host="host_b"))]
        self.follow(*queued, listed=[command(), command("queued", [], id="cmd_2", host="host_b")])
        self.to_target("--wait=300ms", exits=7)
        self.assertIn("2 hosts: 1 succeeded, 0 failed, 1 offline\n", self.told)
        self.follow(*queued, listed=[command(), command(id="cmd_2", host="host_b")])
        self.to_target("--wait=300ms")
        self.assertEqual(self.told, "ek: 2 hosts: 2 succeeded, 0 failed, 0 offline\n")

    def test_no_wait_tells_what_was_stored(self):
        self.api.on("POST", FLEET, applied(2, queued=2))
        self.to_target("--no-wait")
        self.assertIn("2 hosts: 2 have a command, 0 failed", self.told)
        self.assertEqual(json.loads(self.to_target("--no-wait", "-o", "json"))["hosts"], 2)
        self.assertEqual({one.path for one in self.sent}, {FLEET})

    def test_a_dry_run_says_who_would_refuse_it_and_claims_nothing(self):
        refused = {"host": "host_a", "code": "unknown-collection", "detail": "no such"}
        self.api.on("POST", FLEET, applied(2, [refused]))
        self.to_target("--dry-run", exits=7)
        self.assertEqual(self.sent[0].query, {"dry_run": "all"})
        self.assertIn("web1: unknown-collection: no such", self.told)
        self.assertIn("dry run: of 2 hosts the orchestrator would accept it for 1", self.told)
        self.assertIsNone(DryRun.CLAIMS.search(self.told), self.told)

    def test_an_interrupt_sums_up_and_is_130(self):
        self.api.on("POST", FLEET, applied(1, queued=1))
        followed = threading.Event()
        listed = stream(told("added", **command("running", [])), bookmark(7, True), hold=self.held)

        def follow(handler, request):
            followed.set()
            listed(handler, request)

        self.api.on("GET", COMMANDS, follow)
        process = self.start("apply", "-f", str(self.file), "--target", WEB)
        self.assertTrue(followed.wait(10))
        process.send_signal(signal.SIGINT)
        _, told_last = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 130)
        self.assertIn("1 not finished", told_last)

    def test_what_the_api_refuses_is_told_with_its_place(self):
        self.api.on("POST", FLEET, problem(422, "no-targets"))
        self.to_target(exits=9)
        errors = [{"pointer": "/resources/0/description/mode", "code": "type", "detail": "text"}]
        self.file.write_text(json.dumps(FILE["resources"][0]))
        self.api.on("POST", FLEET, problem(400, "invalid-description", errors=errors))
        self.to_target(exits=1)
        self.assertIn("  /description/mode: text", self.told)

    def test_it_is_instead_of_hosts(self):
        for more in (("--host", "web1"), ("-l", "role=web")):
            self.to_target(*more, exits=2)
        self.ek("apply", "-f", str(self.file), exits=2)
        self.assertIn("--target", self.told)
        self.assertEqual(self.api.requests, [])


class SeveralHosts(Change):
    def test_each_host_is_accounted_for_and_a_failed_one_is_7(self):
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("GET", COMMAND, reply(200, command()))
        self.api.on("POST", APPLY_B, problem(404, "not-found"))
        shown = json.loads(self.apply("-o", "json", exits=7, hosts=("web1", "web2", "web1")))
        self.assertEqual(len(shown["items"]), 1)
        self.assertIn("web1: command cmd_1 succeeded", self.told)
        self.assertIn("web2: not-found", self.told)
        self.assertEqual(len(self.api.asked("POST")), 2)

    def test_all_are_sent_before_any_is_waited_for(self):
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("POST", APPLY_B, reply(202, command("queued", [], id="cmd_2", host="host_b")))
        self.api.on("GET", COMMAND, reply(200, command()))
        self.api.on("GET", "/v1/commands/cmd_2", reply(200, command("failed", [], id="cmd_2")))
        self.apply(exits=7, hosts=("web1", "web2"))
        self.assertEqual([r.method for r in self.sent[:2]], ["POST", "POST"])

    def test_a_pattern_means_the_active_hosts_that_match(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B, HOST_OLD]))
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("POST", APPLY_B, reply(202, command("queued", [], id="cmd_2")))
        self.apply("--no-wait", hosts=("web*",))
        self.assertEqual([r.path for r in self.api.asked("POST")], [APPLY, APPLY_B])

    def test_a_pattern_that_matches_nothing_is_9(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_OLD]))
        for pattern in ("db*", "web3*"):
            self.apply(exits=9, hosts=(pattern,))
        self.assertEqual(self.api.asked("POST"), [])

    def test_without_a_valid_token_it_stops_at_once(self):
        self.api.on("POST", APPLY, problem(401, "unauthenticated"))
        self.apply(exits=4, hosts=("web1", "web2"))
        self.assertEqual(len(self.sent), 1)


    def test_a_host_that_is_not_connected_holds_up_nobody(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B]))  # web2 is offline
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("POST", APPLY_B, reply(202, command("queued", [], id="cmd_2", host="host_b")))
        self.api.on("GET", COMMAND, reply(200, command("running", [])), reply(200, command()))
        begun = time.monotonic()
        shown = self.apply(exits=7, hosts=("web2", "web1"))
        self.assertLess(time.monotonic() - begun, 20)
        self.assertRegex(shown, r"web1 +files +/etc/motd +/mode +0600 +0644 +done")
        self.assertIn("web1: command cmd_1 succeeded", self.told)
        self.assertIn("web2 is not connected: the command waits for it", self.told)
        self.apply(exits=7, hosts=("web2",))
        self.assertNotIn("prefer", self.sent[-1].headers)

    def test_one_that_takes_long_does_not_hide_how_the_others_ended(self):
        self.api.on("POST", APPLY, reply(202, command("queued", [])))
        self.api.on("POST", APPLY_B, reply(202, command("queued", [], id="cmd_2", host="host_b")))
        self.api.on("GET", COMMAND, reply(200, command("running", [])))
        self.api.on("GET", "/v1/commands/cmd_2", reply(200, command(id="cmd_2", host="host_b")))
        shown = self.apply("--wait=2s", exits=7, hosts=("web1", "web2"))
        self.assertRegex(shown, r"web2 +files +/etc/motd +/mode +0600 +0644 +done")
        self.assertIn("web2: command cmd_2 succeeded", self.told)
        self.assertIn("cmd_1 is still", self.told)


class Tokens(Change):
    def test_a_file_that_is_there_makes_no_token(self):
        made = {"id": "ekp_1", "role": "viewer", "secret": "ekp_1_s", "expires_at": "x"}
        self.api.on("POST", "/v1/tokens", reply(201, made))
        out = self.home / "secret"
        out.write_text("mine")
        self.ek("create", "token", "--name", "n", "--role", "viewer", "--out", str(out), exits=1)
        self.assertEqual(self.api.asked("POST"), [])
        self.assertEqual(out.read_text(), "mine")
        out.unlink()
        self.ek("create", "token", "--name", "n", "--role", "viewer", "--out", str(out))
        self.assertEqual(out.read_text(), "ekp_1_s\n")
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        out.unlink()
        self.api.on("POST", "/v1/tokens", problem(400, "invalid-parameter"))
        self.ek("create", "token", "--name", "n", "--role", "viewer", "--out", str(out), exits=1)
        self.assertFalse(out.exists())


class Others(Change):
    def test_what_audit_left_undone_is_not_called_done(self):
        done = {**command(changes=[{**MODE_CHANGE, "outcome": "planned"}]), "verb": "remove"}
        done["resources"][0]["outcome"] = "planned"
        self.api.on("DELETE", MOTD_PATH, reply(200, done))
        self.ek("delete", "resource", "files", "/etc/motd", "--host", "web1")
        self.assertIn("succeeded: nothing was deleted of 1 resource, whose policy is audit; "
                      "the description is dropped", self.told)
        self.api.on("POST", APPLY, reply(200, {**done, "verb": "apply"}))
        self.apply()
        self.assertIn("nothing was changed of 1 resource, whose policy is audit", self.told)

    def test_delete_and_forget(self):
        self.api.on("DELETE", MOTD_PATH, reply(200, command()))
        self.api.on("POST", MOTD_PATH + ":forget", reply(200, command()))
        self.ek("delete", "resource", "files", "/etc/motd", "--host", "web1")
        self.assertEqual(self.sent[0].headers["prefer"], "wait=60")
        self.api.on("POST", MOTD_PATH + ":forget",
                    reply(200, {**command(changes=[]), "verb": "forget"}))
        shown = self.ek("forget", "resource", "files", "/etc/motd", "--host", "web1", "--no-wait")
        self.assertIn("description dropped", shown)
        self.assertNotIn("no change", shown)
        self.assertIn("the machine is as it was", self.told)
        self.assertNotIn("prefer", self.sent[1].headers)
        self.ek("delete", "resource", "files", "/none", "--host", "web1", exits=5)

    def test_rollback_takes_the_last_other_description_that_succeeded(self):
        def former(revision, current, succeeded, **description):
            return {"generation": {"stream": "s", "revision": revision}, "current": current,
                    "succeeded": succeeded, "written_at": "2026-11-29T06:00:00Z",
                    "description": description,
                    "policy": "report", "requires": [], "notifies": [], "origin": "orchestrator"}

        items = [former(9, True, True, mode="0600"), former(8, False, False, mode="0666"),
                 former(7, False, True, mode="0644", owner="root"),
                 former(5, False, True, mode="0644")]
        self.api.on("GET", MOTD_PATH + "/history",
                    reply(200, {"items": items, "next": None, "revision": 9}))
        self.api.on("POST", MOTD_PATH + ":rollback", reply(200, command()))
        told = self.ek("history", "files", "/etc/motd", "--host", "web1").splitlines()
        self.assertEqual([line.split()[0] for line in told[1:]], ["9", "8", "7", "5"])
        self.assertEqual([line.split()[4] for line in told[1:]], ["yes", "-", "yes", "yes"])
        self.assertIn("mode owner", told[2])
        self.assertIn("owner", told[3])
        self.ek("rollback", "files", "/etc/motd", "--host", "web1")
        self.assertEqual(self.sent[-1].json(), {"revision": 7})
        self.ek("rollback", "files", "/etc/motd", "--host", "web1", "--to", "5")
        self.assertEqual(self.sent[-1].json(), {"revision": 5})
        self.api.on("GET", MOTD_PATH + "/history",
                    reply(200, {"items": items[:1], "next": None, "revision": 9}))
        self.ek("rollback", "files", "/etc/motd", "--host", "web1", exits=1)
        self.assertIn("never described in another way", self.told)
        self.api.on("GET", MOTD_PATH + "/history",
                    reply(200, {"items": items[:2], "next": None, "revision": 9}))
        before = len(self.sent)
        self.ek("rollback", "files", "/etc/motd", "--host", "web1", exits=1)
        self.assertIn("with --to", self.told)
        self.assertEqual(self.api.asked("POST")[before:], [])

    def test_rename_and_retire_a_host(self):
        self.api.on("PATCH", "/v1/hosts/web1", reply(200, {**HOST_A, "name": "web9"}),
                    problem(409, "already-exists"))
        self.ek("rename", "host", "web1", "web9")
        self.assertEqual(self.sent[0].json(), {"name": "web9"})
        self.ek("rename", "host", "web1", "web2", exits=6)
        self.api.on("POST", "/v1/hosts/web1:retire", reply(200, HOST_A))
        self.ek("retire", "host", "web1")
        self.assertIn("is retired", self.told)
        kept = "the retired host host_c keeps the name web3 until 2026-12-29T00:00:00.000Z"
        self.api.on("PATCH", "/v1/hosts/web1", problem(409, "invalid-state", detail=kept))
        self.ek("rename", "host", "web1", "web3", exits=6)
        self.assertIn(kept, self.told)
        self.api.on("POST", "/v1/hosts/web3:release-name", reply(200, HOST_OLD))
        self.ek("release", "name", "web3")
        self.assertIn("the name web3 is not kept", self.told)

    def test_cancel_a_command(self):
        self.api.on("POST", COMMAND + ":cancel", reply(200, command("cancelled")),
                    problem(409, "invalid-state"))
        self.ek("cancel", "command", "cmd_1")
        self.ek("cancel", "command", "cmd_1", exits=6)

    def test_an_enrolment_token_prints_the_install_line(self):
        answer = {"id": "tok_1", "secret": "s", "install": "printf %s 's' | evenkeel-agent enrol"}
        self.api.on("POST", "/v1/enrolment-tokens", reply(201, answer))
        shown = self.ek("create", "enrolment-token", "--name", "n", "--uses", "2",
                        "--expires-in", "2h", "--label", "role=web", "--label", "rack=7")
        self.assertEqual(shown, answer["install"] + "\n")
        self.assertNotIn("approve", self.told)
        self.assertEqual(self.sent[0].json(), {
            "name": "n", "uses": 2, "expires_in": "2h", "labels": {"role": "web", "rack": "7"}})


if __name__ == "__main__":
    unittest.main()
