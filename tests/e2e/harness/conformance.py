"""A request and its answer against the server's own /v1/openapi.json."""

import atexit
import json
import re
import threading
import urllib.parse

import jsonschema

# What any HTTP message may have, beside what the document declares.
COMMON_REQUEST = {"authorization", "accept", "accept-encoding", "content-type", "content-length",
                  "host", "connection", "x-request-id", "user-agent"}
COMMON_ANSWER = {"date", "content-type", "content-length", "connection", "cache-control",
                 "x-content-type-options", "strict-transport-security", "x-accel-buffering"}
WRONG_MOST = 8  # told of one exchange


def decoded(message):
    """The body as its media type says; None without one. A ValueError where it does not read."""
    if not message.body or "json" not in message.kind():
        return None
    return json.loads(message.body)


def refs_of(schemas):
    return {one["$ref"].rsplit("/", 1)[1] for one in schemas if "$ref" in one}


def closed(schema, stays_open=False):
    """The schema, with members that no part of it names made wrong: what is sent is declared."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: [closed(one, True) for one in value] if name == "allOf" else closed(value)
            for name, value in schema.items()}
    named = isinstance(schema.get("properties"), dict) or "allOf" in schema
    if named and not stays_open and "additionalProperties" not in schema:
        made["unevaluatedProperties"] = False
    return made


class Conformance:
    """One document and what of it was exercised."""

    _of_the_program = None

    @classmethod
    def of(cls, fetch):
        """Of the program under test: all of a run are the same."""
        if cls._of_the_program is None:
            cls._of_the_program = cls(fetch())
            atexit.register(cls._of_the_program.report)
        return cls._of_the_program

    def __init__(self, document):
        self.document = document
        schemas = document["components"]["schemas"]
        # What others are made of; and a problem may say more than its type has to.
        parts = {"Problem"}.union(*(refs_of(one.get("allOf", [])) for one in schemas.values()))
        self.components = {**document["components"], "schemas": {
            name: one if name in parts else closed(one) for name, one in schemas.items()}}
        self.seen = set()
        self.routes = []
        self._validators = {}
        self._lock = threading.Lock()  # a validator is not safe for several threads
        for path, item in document["paths"].items():
            pattern = re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(path))
            self.routes.append((re.compile(pattern), path, item))
        # A verb is told by its text; a template's last segment would take it too.
        self.routes.sort(key=lambda route: ":" not in route[1])

    def find(self, method, path):
        for pattern, template, item in self.routes:
            if pattern.fullmatch(path) and method.lower() in item:
                return template, item[method.lower()]
        return None, None

    def schema_errors(self, schema, value):
        with self._lock:
            # With the schema: the id of one that is gone could be another one's.
            _, validator = self._validators.get(id(schema), (None, None))
            if validator is None:
                whole = {"components": self.components, **schema}
                validator = jsonschema.Draft202012Validator(whole)
                self._validators[id(schema)] = schema, validator
            return ["/".join(["", *map(str, error.absolute_path)]) + f": {error.message[:300]}"
                    for error in validator.iter_errors(value)]

    def check(self, request, answer):
        """Everything in the exchange that the document does not say, a line each.

        The request is None when it was no HTTP: then the answer is a problem.
        """
        status = int(answer.start[1])
        if request is None:
            wrong = self.answer_errors({"responses": {}}, status, answer)
            return self.told("(unreadable)", "no route", status, wrong)
        method, target = request.start[:2]
        path, _, query = target.partition("?")
        template, operation = self.find("GET" if method == "HEAD" else method, path)
        what, is_head = f"{method} {target}", method == "HEAD"
        if operation is None:
            wrong = self.answer_errors({"responses": {}}, status, answer, is_head)
            return self.told(what, "no route", status, wrong)
        self.seen.add((method, template, status))
        wrong = self.request_errors(operation, query, request) if status < 400 else []
        wrong += self.answer_errors(operation, status, answer, is_head)
        return self.told(what, template, status, wrong)

    def check_event(self, request, fields):
        """The same of an event of a stream that the request has opened: its SSE fields."""
        target = request.start[1]
        template, operation = self.find("GET", target.partition("?")[0])
        content = operation["responses"]["200"]["content"]["text/event-stream"]
        name = fields.get("event")
        wrong = []
        schema = content["x-ek-events"].get(name)
        if schema is None:
            wrong.append("an event of this name is not declared")
        else:
            self.seen.add(("EVENT", template, name))
            try:
                data = json.loads(fields["data"])
                wrong += self.schema_errors(schema, data)
                if "specversion" in data:
                    if (data.get("id"), data["type"]) != (fields.get("id"), name):
                        wrong.append("id and type are not those of the event that carries it")
            except ValueError as error:
                wrong.append(f"the data is no JSON: {error}")
        return self.told(f"GET {target} event {name}", template, 200, wrong)

    def request_errors(self, operation, query, request):
        declared = {(one["in"], one["name"].lower()) for one in operation["parameters"]}
        wrong = [f"the query parameter {name} is not declared"
                 for name, _ in urllib.parse.parse_qsl(query, keep_blank_values=True)
                 if ("query", name) not in declared]
        wrong += [f"the request header {name} is not declared" for name in request.headers
                  if name not in COMMON_REQUEST and ("header", name) not in declared]
        if request.body and "requestBody" in operation:
            kinds = operation["requestBody"]["content"]
            if request.kind() not in kinds:
                return [*wrong, f"the media type {request.kind()} is not declared"]
            wrong += self.body_errors(kinds[request.kind()]["schema"], request)
        return wrong

    def answer_errors(self, operation, status, answer, is_head=False):
        declared = operation["responses"].get(str(status))
        if declared is None:
            if status < 400:
                return [f"the status {status} is not declared"]
            declared = self.document["components"]["responses"]["Problem"]
        headers = {name.lower() for name in declared.get("headers", {})}
        wrong = [f"the answer's header {name} is not declared" for name in answer.headers
                 if name not in COMMON_ANSWER and name not in headers]
        content = declared.get("content", {})
        kind = answer.kind()
        if content and not kind and not is_head:
            wrong.append("the answer has no media type")
        if kind and kind not in content:
            wrong.append(f"the answer's media type {kind} is not declared")
        elif kind.endswith("json") and not is_head:
            wrong += self.body_errors(content[kind]["schema"], answer)
        return wrong

    def body_errors(self, schema, message):
        try:
            return self.schema_errors(schema, decoded(message))
        except ValueError as error:
            return [f"the body is no JSON: {error}"]

    @staticmethod
    def told(what, template, status, wrong):
        return [f"{what} ({template}) -> {status}: {one}" for one in wrong[:WRONG_MOST]]

    def report(self):
        """What this program never asked for, for whoever looks at its output."""
        missing = [f"{method.upper()} {path} {status}"
                   for path, item in self.document["paths"].items()
                   for method, operation in item.items()
                   for status in operation["responses"]
                   if status != "default" and (method.upper(), path, int(status)) not in self.seen]
        events = sorted({name for method, _, name in self.seen if method == "EVENT"})
        print(f"openapi: {len(self.seen)} route/status pairs exercised; events: "
              + ", ".join(events) + "; never: " + ", ".join(missing))
