"""A FakeApi with what is said once about many hosts, and folders of manifests beside it."""

import json

from ek import EkCase
from fake_api import page, reply

HOST = {"id": "host_a", "name": "web1", "enrolment": "active", "connection": "online",
        "environment": "default", "labels": {}, "compliance": {}}
KINDS = ("environments", "settings", "applications", "assignments")
SUMMARY = {"hosts": 0, "added": 0, "changed": 0, "forgotten": 0, "removed": 0, "errors": 0}
GROUPS = [{"count": 2, "hosts": ["web1", "web2"], "resources": [
    {"collection": "files", "id": "/etc/old", "change": "remove", "paths": [],
     "sample": {"host": "web1", "fields": []}},
    {"collection": "files", "id": "/etc/motd", "change": "change", "paths": ["/content", "/mode"],
     "sample": {"host": "web1", "fields": [
         {"path": "/mode", "before": "0600", "after": "0644"},
         {"path": "/content", "before": "one\ntwo\n", "after": "one\nthree\n"}]}}]}]


def environment(name, **more):
    return {"name": name, "note": "", "protected": False, "strategy": None, "source": None,
            "hosts": 0, "revision": 1, **more}


def setting(scope, key, value=None, **more):
    return {"scope": scope, "key": key, "value": value, "secret": False, "link": None,
            "source": None, "revision": 1, **more}


def application(name, **more):
    return {"name": name, "version": 3, "note": "", "parameters": {}, "resources": [],
            "peers": {}, "source": None, "revision": 1, **more}


def assignment(name, **more):
    return {"name": name, "note": "", "application": "web", "version": "latest",
            "environment": None, "host": None, "filter": None, "settings": {}, "policy": None,
            "enabled": True, "adopt": False, "on_leave": "forget", "source": None, "revision": 1,
            **more}


def plan(state="open", **more):
    return {"id": "plan_1", "state": state, "author": {"id": "tok_1", "name": "admin"},
            "created_at": "2026-11-29T20:00:00Z", "expires_at": "2026-12-06T20:00:00Z",
            "hash": "abc", "changes": [], "summary": {**SUMMARY, **more.pop("summary", {})},
            "groups": [], "errors": [], "unasked": [], "approved_by": None,
            "requires_approval": False, **more}


class FleetCase(EkCase):
    def setUp(self):
        super().setUp()
        self.site = self.home / "site"
        self.site.mkdir()
        self.known()
        self.api.on("POST", "/v1/plans", reply(201, plan()))
        self.api.on("GET", "/v1/hosts/web1", reply(200, HOST))
        self.api.on("GET", "/v1/hosts/host_a", reply(200, HOST))

    def known(self, **kinds):
        """What the orchestrator has."""
        for kind in KINDS:
            self.api.on("GET", f"/v1/{kind}", page(kinds.get(kind, [])))

    def write(self, name, content):
        path = self.site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def planned(self, *arguments, sources=None, exits=0):
        """The changes that reach the API: {"PUT /v1/...": body}; None when nothing is sent."""
        before = len(self.api.asked("POST", "/v1/plans"))
        files = [word for source in sources or [self.site] for word in ("-f", str(source))]
        self.shown = self.ek("plan", *files, *arguments, exits=exits)
        sent = self.api.asked("POST", "/v1/plans")[before:]
        if not sent:
            return None
        return {f"{one['method']} {one['path']}": one.get("body")
                for one in sent[0].json()["changes"]}

    def refused(self, *arguments, exits=2):
        self.assertIsNone(self.planned(*arguments, exits=exits))
        return self.told
