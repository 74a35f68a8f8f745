"""The model on booted hosts: what is said once reaches the hosts that it concerns, follows their
labels, environments and peers, and goes again."""

import unittest

from harness.case import SystemCase
from support.wait import eventually

MOTD = "/etc/motd"
BACKENDS = "/etc/backends"
WEB = {
    "parameters": {"required": ["text"], "properties": {"text": {"type": "string"}}},
    "resources": [{"collection": "files", "id": MOTD, "on_leave": "remove",
                   "description": {"content": "{{text}} on {{host.name}}\n", "mode": "0644"}}],
}
BALANCER = {
    "peers": {"web": {"filter": "labels.role = web"}},
    "resources": [{"collection": "files", "id": BACKENDS,
                   "description": {"content": "{{#peers.web}}{{name}}\n{{/peers.web}}"}}],
}


class Model(SystemCase):
    hosts = ("web1", "web2", "lb")

    def put(self, path, body, query="", method="PUT"):
        reply = self.rest.call(method, path + query, body)
        self.assertIn(reply.status, (200, 201, 204), reply)
        return reply.body

    def label(self, host, role):
        self.put(f"/v1/hosts/{host}", {"labels": {"role": role}}, method="PATCH")

    def wait_content(self, host, path, content):
        eventually(f"{path} of {host} is {content!r}",
                   lambda: self.exists(path, host) and self.read(path, host) == content)

    def test_what_is_said_once_reaches_and_follows_the_hosts(self):
        self.put("/v1/environments/prod", {"note": "for customers"})
        self.put("/v1/settings/global/text", {"value": "hello"})
        self.put("/v1/applications/web", WEB)
        self.put("/v1/assignments/web", {"application": "web", "filter": "labels.role = web"})
        self.put("/v1/applications/balancer", BALANCER)
        self.put("/v1/assignments/balancer", {"application": "balancer", "host": "lb"})
        self.wait_content("lb", BACKENDS, "")

        self.label("web1", "web")
        self.wait_content("web1", MOTD, "hello on web1\n")
        self.wait_content("lb", BACKENDS, "web1\n")
        self.label("web2", "web")
        self.wait_content("lb", BACKENDS, "web1\nweb2\n")
        self.wait_compliance("compliant", "files", MOTD, "web1")
        owners = self.rest.resource("web1", "files", MOTD)["owners"]
        self.assertEqual([(one["assignment"], one["version"]) for one in owners], [("web", 1)])
        refused = self.rest.put("web1", "files", MOTD, {"content": "mine\n"})
        self.assertEqual((refused.status, refused.body["code"]), (409, "owned"), refused)

        self.put("/v1/settings/environment:prod/text", {"value": "good day"})
        planned = self.put("/v1/hosts/web2/settings", None, method="GET")
        self.assertEqual(planned["items"][0]["value"], "hello")
        self.put("/v1/hosts/web2", {"environment": "prod"}, method="PATCH")
        self.wait_content("web2", MOTD, "good day on web2\n")
        self.wait_content("lb", BACKENDS, "web1\n")  # which knows its own environment
        self.assertEqual(self.read(MOTD, "web1"), "hello on web1\n")

        refused = self.rest.call("DELETE", "/v1/settings/global/text")
        self.assertEqual((refused.status, refused.body["code"]), (422, "does-not-compile"), refused)
        self.assertIn("web1", refused.body["errors"][0]["detail"])

        shown = self.put("/v1/settings/global/text", {"value": "hi"}, "?dry_run=all")
        self.assertEqual((shown["summary"]["hosts"], shown["groups"][0]["hosts"]), (1, ["web1"]))
        self.assertEqual(self.read(MOTD, "web1"), "hello on web1\n")

        self.bed("web1").run("systemctl", "stop", "evenkeel-agent")
        self.put("/v1/settings/global/text", {"value": "hi"})
        self.bed("web1").run("systemctl", "start", "evenkeel-agent")
        self.wait_content("web1", MOTD, "hi on web1\n")

        self.label("web1", None)
        eventually("what is not said any more is removed", lambda: not self.exists(MOTD, "web1"))
        self.wait_content("lb", BACKENDS, "")
        host = self.put("/v1/hosts/web1", None, method="GET")
        self.assertEqual((host["wanted"]["status"], host["wanted"]["errors"]), ("compiled", []))


if __name__ == "__main__":
    unittest.main(verbosity=2)
