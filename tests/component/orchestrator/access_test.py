"""Tokens, roles, and who may do what on every route of the table."""

import concurrent.futures
import re
import stat
import unittest

from case import OrchestratorCase
from program import Events, Rest, eventually

ROLES = ("viewer", "operator", "approver", "admin")
SAMPLE = re.compile(r"\{[^}]*\}")


class Access(OrchestratorCase):
    def made(self, role, name="someone", **order):
        reply = self.rest.call("POST", "/v1/tokens", {"name": name, "role": role, **order})
        self.assertEqual(reply.status, 201, reply)
        return reply.body

    def using(self, secret):
        return Rest(secret, port=self.orchestrator.port("rest"))

    def revoke(self, token, rest=None):
        return (rest or self.rest).call("POST", f"/v1/tokens/{token['id']}:revoke")

    def routes(self):
        """(method, path with samples, permission or None when public, document)"""
        document = self.rest.get("/v1/openapi.json")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                sample = "not-found" if path.startswith("/problems/") else "x"
                yield method.upper(), SAMPLE.sub(sample, path), operation["x-ek-permission"]

    def test_every_route_asks_for_its_permission(self):
        known = self.rest.get("/v1/openapi.json")["x-ek-permissions"]
        callers = {role: self.using(self.made(role)["secret"]) for role in ROLES}
        public = 0
        for method, path, permission in self.routes():
            with self.subTest(route=f"{method} {path}"):
                self.assertEqual(self.bare(method, path),
                                 200 if permission == "public" else 401)
                if permission == "public":
                    public += 1
                    continue
                for role, rest in callers.items():
                    if method == "GET" and path == "/v1/events" and role in known[
                            permission]["roles"]:
                        continue  # answers for ever
                    reply = rest.call(method, path)
                    if role in known[permission]["roles"]:
                        self.assertNotIn(reply.status, (401, 403), reply)
                    else:
                        self.assert_problem(reply, 403, "forbidden")
                        self.assertEqual(reply.body["permission"], permission)
                        self.assertIn(permission, reply.body["detail"])
                # Only admins have it all, and a viewer changes nothing.
                self.assertIn("admin", known[permission]["roles"])
                if method != "GET":
                    self.assertNotIn("viewer", known[permission]["roles"])
        self.assertGreater(public, 2)

    def test_a_dry_run_is_a_read(self):
        agent = self.online()
        viewer = self.using(self.made("viewer")["secret"])
        diff = "--- before\n+++ after\n-root:$6$old\n+x\n"
        one = self.path("/etc/shadow")
        asked = 0
        for method, path, body in (("PUT", one, {"description": {"content": "x"}}),
                                   ("POST", one + ":invoke", {"action": "go"}),
                                   ("POST", "/v1/hosts/web1:apply", {"resources": [
                                       {"collection": "files", "id": "/etc/shadow",
                                        "description": {"content": "x"}}]})):
            for rest, sees in ((self.rest, True), (viewer, False)):
                with self.subTest(path=path, sees=sees), \
                        concurrent.futures.ThreadPoolExecutor() as pool:
                    reply = pool.submit(rest.call, method, path + "?dry_run=all", body)
                    change = {"path": "/content", "action": "set", "outcome": "planned",
                              "before": {"sha256": "0" * 64, "size": 9},
                              "after": {"sha256": "1" * 64, "size": 1, "diff": diff}}
                    agent.reply(agent.expect("request").accept(), {"resources": [
                        {"collection": "files", "id": "/etc/shadow", "generation": None,
                         "outcome": "planned", "changes": [change], "error": None,
                         "state": None}]})
                    change = reply.result(20).body["resources"][0]["changes"][0]
                    self.assertEqual("diff" in change["after"], sees)
                    self.assertEqual(change["after"]["size"], 1)
                    asked += 1
            self.assert_problem(viewer.call(method, path, body), 403, "forbidden")
            self.assert_problem(viewer.call(method, path + "?dry_run=none", body), 403, "forbidden")
        self.assertEqual(asked, 6)

    def test_a_dry_run_tests_no_guess_of_a_secret(self):
        agent = self.online()
        viewer = self.using(self.made("viewer")["secret"])
        self.put_done(agent, "/etc/pin", {"content": "1234", "sensitive": True})
        self.put_done(agent, "/etc/pass", {"password": "1234"})

        def asked(rest, method, path, body, changes=()):
            """The answer when the host, if it is asked, plans these changes."""
            with concurrent.futures.ThreadPoolExecutor() as pool:
                reply = pool.submit(rest.call, method, path + "?dry_run=all", body)
                agent.reply(agent.expect("request").accept(), {"resources": [
                    {"collection": "files", "id": "/etc/pin", "generation": None,
                     "outcome": "planned", "changes": list(changes), "error": None,
                     "state": None}]})
                return reply.result(20)

        # Decided without the host, which is not asked: there is nothing of which to compare times.
        for rid, description in (("/etc/pin", {"content": "1234", "sensitive": True}),
                                 ("/etc/pin", {"content": "1234"}),
                                 ("/etc/pin", {"mode": "0600"}),
                                 ("/etc/pass", {"mode": "0600"}),
                                 ("/etc/new", {"password": "1234"}),
                                 ("/etc/new", {"sensitive": True})):
            entry = {"description": description}
            file = {"resources": [{"collection": "files", "id": rid, **entry}]}
            for method, path, body in (("PUT", self.path(rid), entry),
                                       ("POST", "/v1/hosts/web1:apply", file)):
                with self.subTest(path=path, body=body):
                    reply = viewer.call(method, path + "?dry_run=all", body)
                    self.assert_problem(reply, 403, "forbidden")
                    self.assertEqual(reply.body["permission"], "resource.write")
                    self.assertIn("secret", reply.body["detail"])
        # Each is on record, and they count among the denials of the token.
        denied = [record for record in self.rest.items("/v1/audit")
                  if record["outcome"] == "denied"]
        self.assertEqual(len(denied), 12)
        self.assertEqual({(record["actor"]["role"], record["detail"]["code"],
                           record["detail"]["permission"]) for record in denied},
                         {("viewer", "forbidden", "resource.write")})
        guess = {"description": {"content": "1234", "sensitive": True}}
        self.assertEqual(asked(self.rest, "PUT", self.path("/etc/pin"), guess).status, 200)
        # The host alone knows that what changes is secret.
        change = {"path": "/password", "action": "set", "outcome": "planned",
                  "before": {"redacted": "0" * 32}, "after": None}
        for method, path, body in (("PUT", self.path("/etc/new"), {"description": {}}),
                                   ("DELETE", self.path("/etc/pin"), None)):
            with self.subTest(method=method):
                self.assert_problem(asked(viewer, method, path, body, [change]), 403, "forbidden")
        guesses = [viewer.call("PUT", self.path("/etc/pin") + "?dry_run=all", guess).status
                   for _ in range(60)]
        self.assertEqual(set(guesses), {403, 429})
        self.assertEqual(guesses[-1], 429)
        self.assertEqual(viewer.call("GET", "/v1/hosts").status, 200)

    def test_a_plan_of_a_file_leaves_out_only_what_compares_secrets(self):
        agent = self.online()
        viewer = self.using(self.made("viewer")["secret"])
        entries = [{"collection": "files", "id": rid, "description": description}
                   for rid, description in (("/a", {"mode": "0600"}), ("/pin", {"password": "x"}),
                                            ("/b", {"mode": "0600"}), ("/key", {"password": "y"}))]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            reply = pool.submit(viewer.call, "POST", "/v1/hosts/web1:apply?dry_run=all",
                                {"resources": entries})
            asked = agent.expect("request").accept()
            self.assertEqual([one["id"] for one in asked.body["arguments"]["resources"]],
                             ["/a", "/b"])
            agent.reply(asked, {"resources": [
                {"collection": "files", "id": rid, "generation": None, "outcome": "planned",
                 "changes": [], "error": None, "state": None} for rid in ("/a", "/b")]})
            plan = reply.result(20)
        self.assertEqual(plan.status, 200, plan)
        self.assertEqual([(one["id"], one["outcome"], (one["error"] or {}).get("code"))
                          for one in plan.body["resources"]],
                         [("/a", "planned", None), ("/pin", "skipped", "denied"),
                          ("/b", "planned", None), ("/key", "skipped", "denied")])
        self.assertIn("resource.write", plan.body["resources"][1]["error"]["detail"])
        denied = [record for record in self.rest.items("/v1/audit")
                  if record["outcome"] == "denied"]
        self.assertEqual(len(denied), 1)

    def bare(self, method, path, authorization=None):
        connection = self.rest.connect()
        try:
            connection.request(method, path, headers={
                "Authorization": authorization} if authorization else {})
            return connection.getresponse().status
        finally:
            connection.close()

    def test_no_route_takes_an_expired_or_revoked_token(self):
        revoked, expired = self.made("admin"), self.made("admin", expires_in="1s")
        self.assertEqual(self.revoke(revoked).body["state"], "revoked")
        eventually("it expires", lambda: self.rest.get(
            f"/v1/tokens/{expired['id']}")["state"] == "expired")
        for method, path, permission in self.routes():
            if permission == "public":
                continue
            for token in (revoked, expired):
                # Past the first few the address is throttled.
                self.assertIn(self.bare(method, path, f"Bearer {token['secret']}"), (401, 429))

    def test_what_does_not_count_is_told_alike(self):
        real = self.made("viewer")
        ended = self.made("viewer")
        self.revoke(ended)
        id_, secret = real["secret"].rsplit("_", 1)
        unknown = "ekp_0192f0c1-0000-7000-8000-00000000000f_" + secret
        wrong = id_ + "_" + secret[:-2] + ("AA" if secret[-2:] != "AA" else "BB")
        bodies = []
        for token in (unknown, wrong, ended["secret"], "nonsense"):
            reply = self.using(token).call("GET", "/v1/hosts")
            self.assert_problem(reply, 401, "unauthenticated")
            del reply.body["request_id"]
            bodies.append(reply.body)
        self.assertEqual(bodies, [bodies[0]] * 4)

    def test_wrong_tokens_are_throttled_and_right_ones_are_not(self):
        statuses = [self.using("nonsense").call("GET", "/v1/hosts") for _ in range(25)]
        self.assertEqual([reply.status for reply in statuses[:20]], [401] * 20)
        self.assert_problem(statuses[-1], 429, "rate-limited")
        self.assertGreaterEqual(int(statuses[-1].headers["retry-after"]), 1)
        self.assertEqual(self.rest.call("GET", "/v1/hosts").status, 200)

    def test_a_secret_is_shown_once(self):
        made = self.made("viewer", name="dashboard", expires_in="1h")
        reply = self.rest.call("GET", f"/v1/tokens/{made['id']}")
        self.assertEqual(reply.body["name"], "dashboard")
        self.assertEqual(reply.body["role"], "viewer")
        self.assertNotIn("secret", reply.body)
        listed = self.rest.call("GET", "/v1/tokens")
        self.assertNotIn(made["secret"], str(listed.body))
        self.assertNotIn("hash", str(listed.body))
        self.assertNotIn(made["secret"].encode(), self.store())
        self.assertNotIn(made["secret"], self.orchestrator.logged())
        for order in ({}, {"name": "x", "role": "root"}, {"name": "", "role": "viewer"},
                      {"name": "x", "role": "viewer", "expires_in": "4000d"},
                      {"name": "x", "role": "viewer", "expires_in": 5}):
            self.assertEqual(self.rest.call("POST", "/v1/tokens", order).status, 400, order)

    def test_no_token_has_the_name_of_the_system(self):
        reply = self.rest.call("POST", "/v1/tokens", {"name": "system", "role": "admin"})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual(reply.body["errors"][0]["pointer"], "/name")
        self.made("viewer", name="system1")

    def store(self):
        return (self.orchestrator.state / "store" / "data.mdb").read_bytes()

    def test_the_last_admin_cannot_be_revoked(self):
        first = next(t for t in self.rest.items("/v1/tokens") if t["name"] == "admin")
        self.made("operator")
        ended = self.made("admin")
        self.revoke(ended)
        self.assert_problem(self.revoke(first), 409, "invalid-state")
        second = self.made("admin")
        self.assertEqual(self.revoke(first).status, 200)
        self.assertEqual(self.rest.call("GET", "/v1/hosts").status, 401)
        self.assert_problem(self.revoke(second, self.using(second["secret"])), 409,
                            "invalid-state")

    def test_a_start_without_any_admin_makes_one(self):
        first = next(t for t in self.rest.items("/v1/tokens") if t["name"] == "admin")
        short = self.made("admin", expires_in="10s")
        self.assertEqual(self.revoke(first).status, 200)
        eventually("nobody is admin any more", lambda: self.using(short["secret"]).call(
            "GET", "/v1/tokens").status == 401)
        self.assertEqual(self.orchestrator.stop(), 0)
        self.orchestrator.start()
        self.assertEqual(self.rest.call("GET", "/v1/tokens").status, 200)
        mode = (self.orchestrator.state / "admin.token").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_a_lost_admin_token_is_replaced_while_the_orchestrator_is_stopped(self):
        file = self.orchestrator.state / "admin.token"
        first = file.read_text()
        code, said = self.orchestrator.run("admin-token")
        self.assertEqual(code, 4)
        self.assertIn("stop it first", said)
        self.assertEqual(file.read_text(), first)
        self.assertEqual(self.orchestrator.stop(), 0)
        file.unlink()
        self.assertEqual(self.orchestrator.run("admin-token"), (0, ""))
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        other = self.orchestrator.root / "other.token"
        self.assertEqual(self.orchestrator.run("admin-token", "--out", str(other)), (0, ""))
        self.orchestrator.start()
        for token in (file, other):
            self.assertNotEqual(token.read_text(), first)
            self.assertEqual(self.using(token.read_text().strip()).call(
                "GET", "/v1/tokens").status, 200)
        made = [record for record in self.rest.items("/v1/audit")
                if (record["method"], record["route"]) == ("SYSTEM", "admin-token")]
        self.assertEqual(len(made), 2)
        # The lost one counts until it is revoked.
        lost = self.using(first.strip())
        self.assertEqual(lost.call("GET", "/v1/hosts").status, 200)
        old = next(token for token in self.rest.items("/v1/tokens")
                   if first.startswith(token["id"] + "_"))
        self.assertEqual(self.revoke(old).status, 200)
        self.assertEqual(lost.call("GET", "/v1/hosts").status, 401)

    def test_streams_end_soon_after_their_token(self):
        for order, end in (({}, self.revoke), ({"expires_in": "10s"}, None)):
            token = self.made("viewer", **order)
            events = Events(self.using(token["secret"]))
            self.addCleanup(events.close)
            other = self.events()
            if end:
                end(token)
            eventually("the stream has ended", lambda: events.breaks > 0)
            self.assertEqual(other.breaks, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
