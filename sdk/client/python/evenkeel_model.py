"""What is said once about many hosts, over evenkeel_client.py, which must lie beside this file.

    from evenkeel_client import Client
    from evenkeel_model import Model

    model = Model(Client.from_environment())
    plan = model.set_setting("environment:prod", "port", 8080, dry_run=True).object
    print(plan["summary"])
    print(model.set_setting("environment:prod", "port", 8080).plan)

Objects are the API's own, as dicts; what is refused is raised as `Problem`.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from evenkeel_client import Client, quote

Json = Dict[str, Any]
_LIVE_SECONDS = 10  # for which hosts are waited for


def environment_path(name: str) -> str:
    """Paths of edit() and of make_plan(), of plain names: "prod/eu"."""
    return f"/v1/environments/{quote(name)}"


def setting_path(scope: str, key: str) -> str:
    return f"/v1/settings/{quote(scope)}/{quote(key)}"


def application_path(name: str) -> str:
    return f"/v1/applications/{quote(name)}"


def assignment_path(name: str) -> str:
    return f"/v1/assignments/{quote(name)}"


class Edited(NamedTuple):
    """What has become of an edit."""
    object: Any  # as it is now; None when it is deleted; of a dry run the plan
    plan: Optional[str]  # the id of the plan that it was, if it touches hosts
    etag: Optional[str]


class Model:
    """Environments, settings, applications, assignments, and the plans that change them."""

    def __init__(self, client: Client):
        self.client = client

    def environments(self, **query: str) -> List[Json]:
        return list(self.client.list("/v1/environments", **query))

    def environment(self, name: str) -> Json:
        return self.client.get(environment_path(name))

    def settings(self, scope: str = "", **query: str) -> List[Json]:
        """Those of `scope` ("global", "environment:prod/eu", "host:web1", "assignment:web"), or of
        all scopes."""
        path = "/v1/settings" + (f"/{quote(scope)}" if scope else "")
        return list(self.client.list(path, **query))

    def setting(self, scope: str, key: str) -> Json:
        return self.client.get(setting_path(scope, key))

    def effective_settings(self, host: str, assignment: Optional[str] = None) -> List[Json]:
        """Which value each key has for the host, where it is from and what it overrides; with
        `assignment` as its application has them."""
        return list(self.client.list(f"/v1/hosts/{quote(host)}/settings", assignment=assignment))

    def impact(self, scope: str, key: str) -> Json:
        """Where the scope's value of the key counts, or would: {"summary","groups"}."""
        return self.client.get(setting_path(scope, key) + "/impact")

    def applications(self, **query: str) -> List[Json]:
        """The newest version of each."""
        return list(self.client.list("/v1/applications", **query))

    def application(self, name: str, version: Optional[int] = None) -> Json:
        return self.client.get(application_path(name) + (f"/versions/{version}" if version else ""))

    def application_versions(self, name: str, **query: str) -> List[Json]:
        return list(self.client.list(application_path(name) + "/versions", **query))

    def assignments(self, **query: str) -> List[Json]:
        return list(self.client.list("/v1/assignments", **query))

    def assignment(self, name: str) -> Json:
        return self.client.get(assignment_path(name))

    def wanted(self, host: str, collection: Optional[str] = None) -> Json:
        """What the host shall have, compiled now: {"status","revision","errors","items"}."""
        path = f"/v1/hosts/{quote(host)}/wanted"
        return self.client.get(path + (f"/{quote(collection)}" if collection else ""))

    def wanted_resource(self, host: str, collection: str, id: str) -> Json:
        return self.client.get(f"/v1/hosts/{quote(host)}/wanted/{quote(collection)}/{quote(id)}")

    def edit(self, method: str, path: str, body: Any = None, *, dry_run: bool = False,
             allow_errors: bool = False, if_match: Optional[str] = None,
             create_only: bool = False, wait: float = 0) -> "Edited":
        """PUT, PATCH or DELETE of what is said of hosts, at setting_path() and its like. It changes
        the hosts that it touches; with `wait` the answer comes when those that are connected are
        done. With `dry_run` nothing changes, and `object` is the plan that it would be."""
        headers = {} if if_match is None else {"If-Match": if_match}
        if create_only:
            headers["If-None-Match"] = "*"
        query = {"dry_run": "all"} if dry_run else {}
        if allow_errors:
            query["errors"] = "allow"
        _, received, answer = self.client.request(method, path, body, query=query, headers=headers,
                                           wait=0 if dry_run else wait)
        return Edited(answer, received.get("plan"), received.get("etag"))

    def set_setting(self, scope: str, key: str, value: Any = None, *, secret: bool = False,
                    link: Optional[Tuple[str, str]] = None, **options: Any) -> "Edited":
        """`link`: the scope and key of the setting whose value it has. `options` as of edit()."""
        body: Json = {} if value is None else {"value": value}
        if secret:
            body["secret"] = True
        if link is not None:
            body["link"] = {"scope": link[0], "key": link[1]}
        return self.edit("PUT", setting_path(scope, key), body, **options)

    def plans(self, **query: str) -> List[Json]:
        return list(self.client.list("/v1/plans", **query))

    def plan(self, id: str) -> Json:
        return self.client.get(_plan(id))

    def plan_groups(self, id: str) -> List[Json]:
        """Those beyond the ones that the plan itself shows."""
        return list(self.client.list(_plan(id) + "/groups"))

    def planned_host(self, id: str, host: str) -> Json:
        """What the plan does to one host, exactly."""
        return self.client.get(f"{_plan(id)}/hosts/{quote(host)}")

    def make_plan(self, changes: List[Json], *, live: bool = False) -> Json:
        """`changes`: [{"method","path","body"}], as of edit(). Nothing is changed yet. With `live`
        up to 100 connected hosts are asked for their dry run."""
        body: Json = {"changes": changes}
        if live:
            body["live"] = True
        return self.client.request("POST", "/v1/plans", body, wait=_LIVE_SECONDS if live else 0)[2]

    def approve_plan(self, id: str, hash: Optional[str] = None) -> Json:
        """`hash` of the plan as it was seen: of another one nothing is approved, or applied."""
        return self._decide(id, "approve", hash)

    def reject_plan(self, id: str) -> Json:
        return self._decide(id, "reject", None)

    def apply_plan(self, id: str, hash: Optional[str] = None, *, wait: float = 0) -> Json:
        """Problem `stale-plan` when it would do something else by now: its body has the fresh one
        as `plan`."""
        return self._decide(id, "apply", hash, wait)

    def _decide(self, id: str, verb: str, hash: Optional[str], wait: float = 0) -> Json:
        body = None if hash is None else {"hash": hash}
        return self.client.request("POST", f"{_plan(id)}:{verb}", body, wait=wait)[2]

    def wait_for_plan(self, plan: Json, timeout: float = 60.0) -> Json:
        """The plan once no connected host has anything to do for it; TimeoutError when some have
        after `timeout` seconds."""
        return self.client.wait_until(plan, _is_done, f"plan {plan['id']}", self.plan, timeout)


def _plan(id: str) -> str:
    return f"/v1/plans/{quote(id)}"


def _is_done(plan: Json) -> bool:
    if plan["state"] in ("stale", "rejected", "expired"):
        return True
    progress = plan.get("progress")
    return plan["state"] == "applied" and (not progress or progress["waiting"] == 0)
