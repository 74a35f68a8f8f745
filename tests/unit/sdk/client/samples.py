"""Objects in the shapes of the API."""

HOST_A = {"id": "host_a", "name": "web1", "enrolment": "active", "connection": "online",
          "last_seen": "2026-11-23T05:36:53.120Z", "version": "0.1.0", "labels": {"role": "web"},
          "facts": {}, "compliance": {"compliant": 3, "drifted": 1, "unknown": 0, "failed": 0},
          "a_new_member": {"kept": True}}
HOST_B = {**HOST_A, "id": "host_b", "name": "web2", "connection": "offline"}
HOST_OLD = {**HOST_A, "id": "host_c", "name": "web3", "enrolment": "retired"}

GENERATION = {"stream": "s1", "revision": 7}
DRIFTED = {"status": "drifted", "reason": None, "since": "2026-11-23T05:36:53.120Z",
           "fields": [{"path": "/mode", "expected": "0644", "actual": "0600"}],
           "seen_by": "event", "last": None}
MOTD = {"host": "host_a", "collection": "files", "id": "/etc/motd",
        "description": {"content": "hello\n", "mode": "0644"}, "policy": "report",
        "origin": "orchestrator", "generation": GENERATION,
        "state": {"mode": "0600", "size": 6, "sha256": "ab" * 32},
        "observed_at": "2026-11-23T05:36:53.120Z", "compliance": DRIFTED}

MODE_CHANGE = {"path": "/mode", "before": "0600", "after": "0644", "action": "set",
               "outcome": "done"}
CONTENT_CHANGE = {"path": "/content", "before": {"sha256": "cd" * 32, "size": 3},
                  "after": {"sha256": "ab" * 32, "size": 6,
                            "diff": "--- before\n+++ after\n@@ -1 +1 @@\n-old\n+hello\n"},
                  "action": "set", "outcome": "done"}


def command(state="succeeded", changes=(MODE_CHANGE,), error=None, id="cmd_1", host="host_a",
            resource_error=None):
    outcome = {"succeeded": "done", "failed": "failed"}.get(state, "planned")
    return {"id": id, "host": host, "verb": "apply", "state": state,
            "created_at": "2026-11-23T05:36:53.120Z",
            "finished_at": None if state in ("queued", "sent", "running") else
            "2026-11-23T05:36:53.220Z",
            "request_id": "req_1", "error": error,
            "resources": [{"collection": "files", "id": "/etc/motd", "generation": GENERATION,
                           "outcome": outcome, "changes": list(changes),
                           "error": resource_error}]}


def planned(*changes, host="host_a"):
    """The answer to a dry run."""
    return {**command("queued", [{**c, "outcome": "planned"} for c in changes], host=host),
            "id": None, "finished_at": None}


FILE = {"resources": [{"collection": "files", "id": "/etc/motd",
                       "description": {"content": "hello\n", "mode": "0644"},
                       "policy": "enforce"}]}
