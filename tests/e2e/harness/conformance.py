"""Every request and answer of the suite against the server's own /v1/openapi.json."""

import atexit
import re
import urllib.parse

import jsonschema

# What any HTTP message may have, beside what the document declares.
COMMON_REQUEST = {"authorization", "accept", "accept-encoding", "content-type", "content-length",
                  "host", "connection", "x-request-id", "user-agent"}
COMMON_ANSWER = {"date", "content-type", "content-length", "connection", "cache-control",
                 "x-content-type-options", "strict-transport-security", "x-accel-buffering"}


class Conformance:
    """One document and what of it was exercised."""

    def __init__(self, document):
        self.document = document
        self.seen = set()
        self.routes = []
        for path, item in document["paths"].items():
            pattern = re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(path))
            self.routes.append((re.compile(pattern), path, item))
        # A verb is told by its text; a template's last segment would take it too.
        self.routes.sort(key=lambda route: ":" not in route[1])
        atexit.register(self.report)

    def find(self, method, path):
        for pattern, template, item in self.routes:
            if pattern.fullmatch(path) and method.lower() in item:
                return template, item[method.lower()]
        return None, None

    def schema_errors(self, schema, value):
        whole = {"components": self.document["components"], **schema}
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]

    def check(self, method, target, sent, body, reply):
        """Fails on anything in the exchange that the document does not say."""
        path, _, query = target.partition("?")
        template, operation = self.find("GET" if method == "HEAD" else method, path)
        wrong = []
        if operation is None:
            if reply.status not in (400, 404, 405):
                wrong.append("there is no such route in the document")
            self.finish(method, target, reply, wrong)
            return
        self.seen.add((method, template, reply.status))
        declared = {(one["in"], one["name"].lower()) for one in operation["parameters"]}
        if reply.status < 400:
            for name, _ in urllib.parse.parse_qsl(query, keep_blank_values=True):
                if ("query", name) not in declared:
                    wrong.append(f"the query parameter {name} is not declared")
            for name in sent:
                if name.lower() not in COMMON_REQUEST and ("header", name.lower()) not in declared:
                    wrong.append(f"the request header {name} is not declared")
            if body is not None and "requestBody" in operation:
                kinds = operation["requestBody"]["content"]
                kind = sent.get("Content-Type", "application/json")
                if kind not in kinds:
                    wrong.append(f"the media type {kind} is not declared")
                else:
                    wrong += self.schema_errors(kinds[kind]["schema"], body)
        wrong += self.answer_errors(operation, reply)
        self.finish(method, target, reply, wrong)

    def answer_errors(self, operation, reply):
        answer = operation["responses"].get(str(reply.status))
        if answer is None:
            if reply.status < 400:
                return [f"the status {reply.status} is not declared"]
            answer = self.document["components"]["responses"]["Problem"]
        declared = {name.lower() for name in answer.get("headers", {})}
        wrong = [f"the answer's header {name} is not declared" for name in reply.headers
                 if name not in COMMON_ANSWER and name not in declared]
        content = answer.get("content", {})
        kind = reply.headers.get("content-type", "").split(";")[0]
        if kind and kind not in content:
            wrong.append(f"the answer's media type {kind} is not declared")
        if kind.endswith("json") and kind in content:
            wrong += self.schema_errors(content[kind]["schema"], reply.body)
        return wrong

    @staticmethod
    def finish(method, target, reply, wrong):
        if wrong:
            raise AssertionError(f"{method} {target} -> {reply.status} is not what "
                                 "/v1/openapi.json says: " + "; ".join(wrong[:8]))

    def report(self):
        """What this program never asked for, for whoever looks at its output."""
        missing = [f"{method.upper()} {path} {status}"
                   for path, item in self.document["paths"].items()
                   for method, operation in item.items()
                   for status in operation["responses"]
                   if status != "default" and (method.upper(), path, int(status)) not in self.seen]
        print(f"openapi: {len(self.seen)} route/status pairs exercised; never: "
              + ", ".join(missing))
