#!/usr/bin/env python3
"""Each rule of tidy.py fails on what it forbids and lets pass what it allows; the tree is clean."""

import unittest

import tidy


class Rules(unittest.TestCase):
    def finds(self, rule, path, text):
        self.assertTrue(list(rule(path, text)), f"{rule.__name__} overlooked {text!r} in {path}")

    def allows(self, rule, path, text):
        self.assertEqual(list(rule(path, text)), [])

    def test_layering_stops_what_goes_upward_or_sideways(self):
        for path, name in [
                ("core/base/a.cpp", "core/json/json.hpp"),
                ("core/base/a.cpp", "evenkeel/cpp/call.hpp"),
                ("core/store/a.cpp", "evenkeel/cpp/fd.hpp"),
                ("core/store/a.cpp", "core/link/link.hpp"),
                ("core/secrets/a.cpp", "core/wire/resource.hpp"),
                ("core/crypto/a.cpp", "core/secrets/protector.hpp"),
                ("plugins/files/a.cpp", "core/base/result.hpp"),
                ("plugins/files/a.cpp", "plugins/directories/b.hpp"),
                ("orchestrator/api/a.cpp", "core/agent/engine.hpp"),
                ("orchestrator/api/a.cpp", "core/plugin/registry.hpp"),
                ("orchestrator/api/a.cpp", "evenkeel/plugin.h"),
                ("core/agent/a.cpp", "orchestrator/api/api.hpp"),
                ("sdk/include/evenkeel/plugin.hpp", "core/base/result.hpp"),
                ("sdk/client/cli/a.cpp", "core/agent/agent.hpp"),
                ("core/agent/a.cpp", "tests/support/fake.hpp")]:
            with self.subTest(path=path, name=name):
                self.finds(tidy.layering, path, f'#include "{name}"\n')
        self.finds(tidy.layering, "core/base/a.cpp", '#include "text.hpp"\n')

    def test_the_wall_clock_is_for_dates(self):
        for line in ["auto now = now_unix_ms();", "since = now_rfc3339();", "time(nullptr)",
                     "std::time(NULL)", "std::chrono::system_clock::now()", "gettimeofday(&t, 0)",
                     "clock_gettime(CLOCK_REALTIME, &t)", "asio::system_timer timer;",
                     "std::filesystem::last_write_time(path)"]:
            with self.subTest(line=line):
                self.finds(tidy.wall_clock, "orchestrator/bus/new.cpp", line + "\n")
                self.allows(tidy.wall_clock, "core/base/time.cpp", line + "\n")
                self.allows(tidy.wall_clock, "tests/unit/a.cpp", line + "\n")
        for line in ["auto now = now_monotonic_ns();", "event.time()", "// as now_unix_ms() says",
                     "std::chrono::steady_clock::now()", "finish_time(now)"]:
            with self.subTest(line=line):
                self.allows(tidy.wall_clock, "orchestrator/bus/new.cpp", line + "\n")

    def test_every_file_that_may_ask_for_the_date_does(self):
        files = tidy.tree()
        for path, why in tidy.WALL_CLOCK.items():
            with self.subTest(path=path):
                self.assertTrue(why)
                self.assertRegex(files.get(path, ""), tidy.WALL_CLOCK_CALL)

    def test_the_agents_rooms_see_only_those_before_them(self):
        order = ["model", "store", "lanes", "compliance", "runs", "requests", "uplink", "local"]
        for at, room in enumerate(order):
            for other in order:
                if other == room:
                    continue
                line = f'#include "core/agent/{other}/a.hpp"\n'
                before = order.index(other) < at and other != "uplink"
                with self.subTest(room=room, other=other):
                    (self.allows if before else self.finds)(
                        tidy.layering, f"core/agent/{room}/a.cpp", line)
            with self.subTest(room=room, other="the program"):
                self.finds(tidy.layering, f"core/agent/{room}/a.cpp",
                           '#include "core/agent/agent.hpp"\n')
                self.allows(tidy.layering, "core/agent/daemon.cpp",
                            f'#include "core/agent/{room}/a.hpp"\n')
        for room, allowed in [("config", False), ("model", False), ("runs", False),
                              ("requests", False), ("uplink", True), ("local", True)]:
            with self.subTest(room=room, other="config"):
                (self.allows if allowed or room == "config" else self.finds)(
                    tidy.layering, f"core/agent/{room}/a.cpp",
                    '#include "core/agent/config/config.hpp"\n')
        for path in ["core/agent/model/a.cpp", "core/agent/store/a.cpp", "core/agent/config/a.cpp"]:
            with self.subTest(path=path):
                self.finds(tidy.layering, path, '#include "core/plugin/collection.hpp"\n')

    def test_layering_allows_the_directions_of_the_design(self):
        for path, name in [
                ("core/agent/a.cpp", "core/plugin/registry.hpp"),
                ("core/plugin/a.cpp", "evenkeel/plugin.h"),
                ("core/base/fd.hpp", "evenkeel/cpp/fd.hpp"),
                ("plugins/files/a.cpp", "evenkeel/plugin.hpp"),
                ("orchestrator/api/a.cpp", "orchestrator/http/request.hpp"),
                ("orchestrator/api/a.cpp", "core/link/link.hpp"),
                ("orchestrator/api/a.cpp", "core/secrets/protector.hpp"),
                ("sdk/client/cli/a.cpp", "sdk/client/cpp/client.hpp"),
                ("tests/unit/core/a.cpp", "orchestrator/api/api.hpp"),
                ("core/base/a.cpp", "sys/stat.h")]:
            with self.subTest(path=path, name=name):
                self.allows(tidy.layering, path, f'#include "{name}"\n')

    def test_a_heavy_library_is_kept_to_its_folder(self):
        for name in ["boost/beast.hpp", "proton/message.hpp", "valijson/schema.hpp", "lmdb.h",
                     "spdlog/spdlog.h", "boost/asio/co_spawn.hpp", "openssl/ssl.h"]:
            with self.subTest(name=name):
                self.finds(tidy.owned_libraries, "core/agent/a.cpp", f"#include <{name}>\n")
                self.finds(tidy.owned_libraries, "core/agent/a.hpp", f"#include <{name}>\n")
        self.allows(tidy.owned_libraries, "core/link/a.cpp", "#include <proton/message.hpp>\n")
        self.finds(tidy.owned_libraries, "orchestrator/api/a.cpp",
                   '#include "orchestrator/state/tables.hpp"\n')
        self.allows(tidy.owned_libraries, "core/run/a.hpp",
                    "#include <boost/asio/io_context.hpp>\n")

    def test_a_header_that_brings_a_heavy_library_out_of_its_folder_is_found(self):
        files = {"core/link/inner.hpp": "#include <proton/link.hpp>\n",
                 "core/link/outer.hpp": '#include "core/link/inner.hpp"\n',
                 "core/link/link.cpp": '#include "core/link/outer.hpp"\n',
                 "tests/unit/a.cpp": '#include "core/link/outer.hpp"\n'}
        self.assertEqual(list(tidy.leaks(files)), [])
        files["core/agent/a.cpp"] = '#include "core/link/outer.hpp"\n'
        self.assertEqual([path for path, _ in tidy.leaks(files)], ["core/agent/a.cpp"])

    def test_a_header_is_included_once(self):
        self.finds(tidy.pragma_once, "core/a.hpp", "int x;\n")
        self.allows(tidy.pragma_once, "core/a.hpp", "#pragma once\n")

    def test_files_lines_and_functions_are_bounded(self):
        self.finds(tidy.file_length, "core/a.cpp", "\n" * 601)
        self.allows(tidy.file_length, "core/a.cpp", "\n" * 600)
        self.finds(tidy.line_length, "core/a.cpp", "x" * 101 + "\n")
        self.finds(tidy.line_length, "scripts/test", "x" * 101 + "\n")
        self.allows(tidy.line_length, "core/a.cpp", "x" * 100 + "\n")
        body = "    f();\n"
        for frame in ["void f() {{\n{}}}\n", "namespace a {{\nint B::f(int) const {{\n{}}}\n}}\n",
                      "class A {{\n  A() : x_{{1}}, y_(2) {{\n{}}}\n}};\n",
                      "template <class T>\nauto f(T t) -> int {{\n{}}}\n"]:
            with self.subTest(frame=frame):
                self.finds(tidy.function_length, "core/a.cpp", frame.format(body * 70))
                self.allows(tidy.function_length, "core/a.cpp", frame.format(body * 67))
        self.finds(tidy.function_length, "a.py", "def f():\n" + "    g()\n" * 70)

    def test_braces_in_text_and_comments_do_not_count(self):
        text = 'void f() {\n// {\nauto s = "{"; char c = \'{\'; auto r = R"x({)x";\n}\n'
        self.assertEqual(tidy.c_functions(text + "void g() {\n}\n"),
                         [("f", 1, 4), ("g", 5, 6)])

    def test_white_space_is_clean(self):
        self.finds(tidy.white_space, "a.md", "x \n")
        self.finds(tidy.white_space, "a.cpp", "\tx\n")
        self.finds(tidy.white_space, "a.cpp", "x\r\n")
        self.finds(tidy.white_space, "a.cpp", "x")
        self.allows(tidy.white_space, "a.cpp", "x\n\ny\n")

    def test_words_for_unfinished_work_are_found(self):
        for word in ["TO" + "DO", "FIX" + "ME", "XX" + "X"]:
            self.finds(tidy.left_over_words, "a.md", f"a {word}: b\n")

    def test_machine_paths_are_found(self):
        self.finds(tidy.machine_paths, "a.md", "see /wo" + "rk/main\n")
        self.finds(tidy.machine_paths, "a.md", "http://deb.deb" + "ian.org\n")

    def test_banned_calls_are_found_outside_comments(self):
        for line in ["std::regex r;", "#include <regex>", 'system("ls");', "::popen(a, b);",
                     "std::system(x);", "sprintf(a, b);"]:
            with self.subTest(line=line):
                self.finds(tidy.banned_calls, "core/a.cpp", line + "\n")
        for line in ["// system(x)", "file_system(x);", "group.system(x);", "snprintf(a, 1, b);"]:
            with self.subTest(line=line):
                self.allows(tidy.banned_calls, "core/a.cpp", line + "\n")

    def test_a_test_that_sleeps_says_why(self):
        for line in ["time.sleep(1)", "::usleep(5);", "std::this_thread::sleep_for(5ms);"]:
            with self.subTest(line=line):
                self.finds(tidy.unexplained_sleeps, "tests/a_test.py", f"a = 1\n{line}\n")
                self.allows(tidy.unexplained_sleeps, "tests/a_test.py", f"# why\na = 1\n{line}\n")
                self.allows(tidy.unexplained_sleeps, "core/a.cpp", line + "\n")
        self.allows(tidy.unexplained_sleeps, "tests/a_test.py", "falls_asleep(1)\n")

    def test_dead_files_are_found(self):
        files = {"core/a.cpp": '#include "core/a.hpp"\n', "core/a.hpp": "", "core/b.hpp": "",
                 "core/c.cpp": "", "core/meson.build": "'a.cpp'"}
        self.assertEqual([path for path, _ in tidy.dead_files(files)],
                         ["core/b.hpp", "core/c.cpp"])


class Tree(unittest.TestCase):
    maxDiff = None

    def test_the_tree_is_clean(self):
        self.assertEqual("\n".join(tidy.findings(tidy.tree())), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
