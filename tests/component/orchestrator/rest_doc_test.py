"""docs/rest.md lists exactly the routes of the table that dispatches."""

import pathlib
import re
import unittest

from case import OrchestratorCase

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "rest.md"


class RestPage(OrchestratorCase):
    def test_the_page_has_every_route_and_no_other(self):
        routes = {f"{method.upper()} {path}"
                  for path, methods in self.rest.get("/v1/openapi.json")["paths"].items()
                  for method in methods}
        told = set(re.findall(r"^### ([A-Z]+ /\S+)$", PAGE.read_text(encoding="utf-8"), re.M))
        self.assertEqual(told - routes, set())
        self.assertEqual(routes - told, set())

    def test_the_page_has_every_permission_with_its_least_role(self):
        known = self.rest.get("/v1/openapi.json")["x-ek-permissions"]
        row = re.compile(r"^\| `([a-z]+\.[a-z]+)` \| (\w+) \|", re.M)
        told = dict(row.findall(PAGE.read_text("utf-8")))
        self.assertEqual(told, {name: one["roles"][0] for name, one in known.items()})


if __name__ == "__main__":
    unittest.main(verbosity=2)
