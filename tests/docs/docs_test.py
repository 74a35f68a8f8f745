#!/usr/bin/env python3
"""The pages are true: links lead somewhere, commands run, named functions exist."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import pages


class Checks(unittest.TestCase):
    def test_a_broken_link_is_found(self):
        page = pages.ROOT / "README.md"
        text = "[a](LICENSE) [b](docs/none.md) [c](https://example.org/x) [d](#map)"
        self.assertEqual(list(pages.broken_links(page, text)), ["docs/none.md"])

    def test_a_page_that_is_not_there_is_found(self):
        texts = ["// see docs/gone.md", "docs/operator.md says"]
        self.assertEqual(pages.missing_pages(texts), ["docs/gone.md"])

    def test_a_function_that_nobody_declares_is_found(self):
        text = "`put()` calls `Store::get(id)`, then `Store::gone()` and `lost()`; `word`"
        files = ["class Store { void get(int); };", "int put(int x);", "void gone();"]
        self.assertEqual(list(pages.unknown_functions(text, files)), ["Store::gone", "lost"])

    def test_a_term_that_is_declared_elsewhere_or_twice_is_found(self):
        text = ("\n## Glossary\n| word | means |\n| `Catalog` | all | `core/agent/model` |\n\n"
                "Not used any more: `Book`\nand `Deed`.\n\n`Other`\n## Next\n| `X` | y | `z` |\n")
        self.assertEqual(pages.glossary(text),
                         ([("Catalog", "core/agent/model")], ["Book", "Deed"]))
        files = {"core/a.hpp": "class Catalog {", "core/b.hpp": "class Catalog;\nCatalog x;",
                 "core/c.hpp": "struct Catalogs {", "core/d.hpp": "struct Catalog final {"}
        self.assertEqual(pages.declaring("Catalog", files), ["core/a.hpp", "core/d.hpp"])

    def test_the_rows_of_a_section_s_table_are_read(self):
        text = ("## A\n| x |\n|---|\n| 1 |\n## B b\nwords\n\n| x | y |\n|---|---|\n"
                "| 1 | `2` |\n| 3 | |\n")
        self.assertEqual(pages.rows(text, "B b"), [["1", "`2`"], ["3", ""]])

    def test_only_marked_blocks_are_run(self):
        text = "```sh\na\n```\n<!-- run -->\n```sh\nb\n```\n<!-- run on web -->\n```py\nc\n```\n"
        self.assertEqual(pages.blocks(text), [(None, "sh", "b\n"), ("web", "py", "c\n")])


# What the page on scaling says is fixed, and where the sources fix it.
LIMITS = (("24,000", "core/link/listener.hpp", "connections_max = 24'000"),
          ("1,000 at least", "core/link/listener.hpp", "waiting_min = 1'000"),
          ("about 100", "core/link/listener.hpp", "handshakes_max = 100"),
          ("2,200", "orchestrator/enrolment/port.cpp", "kRequestsMost = 2 * kPendingMost"),
          ("2,200", "orchestrator/enrolment/port.cpp", "kWaitingLeast = 200"),
          ("2,200", "orchestrator/enrolment/rules.hpp", "kPendingMost = 1'000"),
          ("4,096", "orchestrator/http/server.hpp", "connections_max = 4096"),
          ("512", "orchestrator/http/server.hpp", "connections_per_address_max = 512"),
          ("256", "orchestrator/http/server.hpp", "requests_per_principal_max = 256"),
          ("64, 1,024", "orchestrator/http/server.hpp", "streams_per_principal_max = 64"),
          ("64, 1,024", "orchestrator/http/server.hpp", "streams_max = 1024"),
          ("8 MiB, 64 MiB", "orchestrator/http/server.hpp", "bodies_bytes_max = 64 * 1024 * 1024"),
          ("8 MiB, 64 MiB", "orchestrator/http/server.hpp",
           "bodies_bytes_per_principal_max = 8 * 1024 * 1024"),
          ("32 MiB, 256 MiB", "orchestrator/http/server.hpp",
           "replies_bytes_max = 256 * 1024 * 1024"),
          ("32 MiB, 256 MiB", "orchestrator/http/server.hpp",
           "replies_bytes_per_principal_max = 32 * 1024 * 1024"),
          ("10,000", "orchestrator/api/fleet_apply.cpp", "kHostsMost = 10'000"),
          ("100", "orchestrator/api/request_bodies.hpp", "kFleetResourcesMost = 100"),
          ("16 GiB", "core/store/env.hpp", "map_bytes = std::uint64_t{16} << 30"))
# The bounds of what may be set, as the page of operators says them, and where they are checked.
AGENT = "core/agent/config/config.cpp"
ORCHESTRATOR = "orchestrator/config.cpp"
BOUNDS = (("bus.heartbeat", "`100ms` to `10m`", ORCHESTRATOR,
           ("kHeartbeatLeast{100}", "minutes kHeartbeatMost{10}")),
          ("bus.listen", "port 0 to 65535", ORCHESTRATOR, ("*port > 65'535",)),
          ("enrolment.listen", "port 0 to 65535", ORCHESTRATOR, ("*port > 65'535",)),
          ("rest.listen", "an IP address or `localhost`, port 0 to 65535",
           "orchestrator/http/listen_address.cpp", ("*port > 65535", '== "localhost"')),
          ("enrolment.discovery", "`true`, `false`", ORCHESTRATOR, ("discovery is not true or",)),
          ("rest.tls.certificate", "both or none", ORCHESTRATOR, ('"rest.tls needs both',)),
          ("rest.rate_limit.per_second", "number, 0 to 1000000", ORCHESTRATOR,
           ("rate->as_number() < 0 || rate->as_number() > 1e6",)),
          ("rest.rate_limit.burst", "whole number, 1 to 1000000", ORCHESTRATOR,
           ("burst->as_integer() < 1 || burst->as_integer() > 1'000'000",)),
          ("log.level", "`debug`, `info`, `warning`, `error`, `off`", ORCHESTRATOR,
           ('{"debug", "info", "warning", "error", "off"}',)),
          ("state_dir", "not empty", ORCHESTRATOR, ('"state_dir is empty"',)),
          ("state_dir", "absolute path", AGENT, ('{"state_dir", path(',)),
          ("socket", "absolute path", AGENT, ('{"socket", path(',)),
          ("plugin_dirs", "absolute paths", AGENT, ("return path(folders",)),
          ("plugins", "names without `/`, `isolation` as below", AGENT,
           ('find_first_of(std::string_view("/\\0", 2))', "read_isolation(name, kind)")),
          ("isolation", "`process` or `none` for a plugin's name", AGENT,
           ('json::Value("process")', 'json::Value("none")')),
          ("require_signatures", "`true`, `false`", AGENT,
           ('{"require_signatures", truth(', "is not true or false")),
          ("plugin_keys", "`ed25519:` and base64; one at least with `require_signatures`", AGENT,
           ("crypto::VerifyKey::parse(key)", "'plugin_keys' is empty")),
          ("orchestrator", "`host` and `ca_sha256` (64 lower-case hex digits) must be there; "
           "ports 1 to 65535", AGENT,
           ("has no host", "has no ca_sha256", "is not 64 lower", "port from 1 to 65535")),
          ("collections", "an object for each collection", AGENT, ("!configuration.is_object()",)),
          ("sweep.interval", "`1s` to 10 years", AGENT,
           ("into < std::chrono::seconds(1)", "interval(config.sweep_interval)")),
          ("calls.silence", "`1s` to 10 years", AGENT, ("interval(config.call_silence)",)),
          ("calls.silence", "`1s` to 10 years", "core/base/time.cpp", ("is over ten years",)),
          ("log.level", "as above", AGENT, ('{"debug", "info", "warning", "error", "off"}',)))
# What may be set, by the first column of its table: the sources that read it.
SETTINGS = {"`orchestrator.json`": "orchestrator/config.cpp",
            "`agent.json`": "core/agent/config/config.cpp",
            "unit of the orchestrator": "orchestrator/evenkeel-orchestrator.service",
            "kernel": None}


class Scaling(unittest.TestCase):
    """docs/scaling.md; tests/component/orchestrator/metrics_test.py looks its metrics up."""

    def rows(self, title):
        text = (pages.ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
        return pages.rows(text, title)

    def test_what_it_calls_fixed_is_fixed_so(self):
        said = [row[1] for row in self.rows("What is fixed")]
        self.assertEqual(set(said), {value for value, _, _ in LIMITS})
        for value, path, words in LIMITS:
            with self.subTest(value=value, words=words):
                self.assertIn(words, (pages.ROOT / path).read_text(encoding="utf-8"))

    def test_what_it_says_to_set_can_be_set(self):
        rows = self.rows("What to set")
        self.assertGreater(len(rows), 5)
        for where, keys, default, _ in rows:
            path = SETTINGS[where]
            if not path:
                continue
            source = (pages.ROOT / path).read_text(encoding="utf-8")
            keys, values = (re.findall(r"`([^`]+)`", cell) for cell in (keys, default))
            for key, value in zip(keys, values, strict=True):
                with self.subTest(key=key):
                    if path.endswith(".service"):
                        self.assertIn(f"\n{key}={value}\n", source)
                        continue
                    for part in key.split("."):
                        self.assertIn(f'"{part}"', source)


class Operator(unittest.TestCase):
    """docs/operator.md"""

    def test_every_key_has_its_bounds_and_the_sources_check_them(self):
        text = (pages.ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
        said = {(key.split("`")[1], row[0]) for key, _, *row in pages.rows(text, "Configuration")
                if key.startswith("`")}
        self.assertEqual(said, {(key, bounds) for key, bounds, _, _ in BOUNDS})
        for key, _, path, words in BOUNDS:
            source = (pages.ROOT / path).read_text(encoding="utf-8")
            for one in words:
                with self.subTest(key=key, words=one):
                    self.assertIn(one, source)


class Pages(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        broken = {page.name: list(pages.broken_links(page, text))
                  for page, text in pages.pages().items()}
        self.assertEqual({name: links for name, links in broken.items() if links}, {})

    def test_every_page_that_the_sources_point_to_is_there(self):
        self.assertEqual(pages.missing_pages(pages.sources()), [])

    def test_the_architecture_page_names_functions_that_exist(self):
        text = (pages.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        self.assertGreater(len(pages.FUNCTION.findall(text)), 10)
        self.assertEqual(list(pages.unknown_functions(text, pages.sources())), [])

    def test_each_word_of_the_glossary_is_declared_once_and_where_it_says(self):
        text = (pages.ROOT / "docs" / "contributor.md").read_text(encoding="utf-8")
        terms, retired = pages.glossary(text)
        self.assertGreaterEqual(len(terms), 24)
        self.assertGreater(len(retired), 10)
        files = {path: source for path, source in pages.source_files().items()
                 if path.startswith(("core/", "orchestrator/", "plugins/"))}
        for word, folder in terms:
            with self.subTest(word=word):
                self.assertEqual([path.rpartition("/")[0] for path in
                                  pages.declaring(word, files)], [folder])
        # A plugin has words of its own.
        named_here = {path: source for path, source in files.items()
                      if not path.startswith("plugins/")}
        for word in retired:
            with self.subTest(retired=word):
                self.assertEqual(pages.declaring(word, named_here), [])

    def test_the_commands_marked_to_run_here_run(self):
        build = pathlib.Path(os.environ["EVENKEEL_BUILD"])
        programs = [build / "core/agent", build / "orchestrator", build / "sdk/client/cli",
                    build / "sdk/tool"]
        path = ":".join([*map(str, programs), os.environ["PATH"]])
        for page, text in pages.pages().items():
            for host, language, commands in pages.blocks(text):
                if host or language != "sh":
                    continue
                with self.subTest(page=page.name), tempfile.TemporaryDirectory() as home:
                    done = subprocess.run(
                        ["bash", "-euo", "pipefail", "-c", commands], cwd=pages.ROOT, check=False,
                        env={**os.environ, "HOME": home, "PATH": path, "BUILD": str(build)},
                        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
                    self.assertEqual(done.returncode, 0, commands + done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
