"""Where ek goes and with which token: flags, environment, contexts, TLS."""

import json
import ssl
import stat
import subprocess
import unittest

from ek import TOKEN, EkCase
from fake_api import FakeApi, page
from samples import HOST_A


class Settings(EkCase):
    def setUp(self):
        super().setUp()
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        self.other = FakeApi()
        self.addCleanup(self.other.close)
        self.other.on("GET", "/v1/hosts", page([]))
        self.config = self.home / ".config/ek/config.json"

    def token(self, name, text):
        file = self.home / name
        file.write_text(text)
        return str(file)

    def bare(self):
        """Without the environment's settings."""
        del self.environment["EK_URL"], self.environment["EK_TOKEN_FILE"]

    def sent_token(self, api):
        return api.requests[-1].headers.get("authorization")

    def test_a_flag_is_before_the_environment_before_a_context(self):
        third = FakeApi()
        self.addCleanup(third.close)
        third.on("GET", "/v1/hosts", page([]))
        self.ek("context", "add", "prod", "--url", third.url)
        self.ek("get", "hosts")
        self.ek("get", "hosts", "--url", self.other.url, "--token-file", self.token("b", "bbb"))
        self.assertEqual(self.sent_token(self.other), "Bearer bbb")
        self.ek("get", "hosts", "--context", "prod")
        self.bare()
        self.ek("get", "hosts")
        self.assertEqual([len(api.requests) for api in (self.api, self.other, third)], [1, 1, 2])

    def test_a_contexts_token_is_not_given_to_another_url(self):
        self.ek("context", "add", "prod", "--url", self.api.url, "--token-file",
                str(self.token_file))
        self.bare()
        self.ek("get", "hosts")
        self.assertEqual(self.sent_token(self.api), f"Bearer {TOKEN}")
        self.ek("get", "hosts", "--url", self.other.url)
        self.ek("get", "hosts", "--url", self.other.url, "--context", "prod")
        self.environment["EK_URL"] = self.other.url
        self.ek("get", "hosts")
        self.assertEqual([r.headers.get("authorization") for r in self.other.requests], 3 * [None])

    def test_contexts_are_added_used_shown_and_removed(self):
        self.bare()
        self.ek("context", "add", "prod", "--url", self.api.url, "--token-file", "token",
                "--ca-file", "ca.pem")
        self.ek("context", "add", "lab", "--url", self.other.url)
        self.assertEqual(stat.S_IMODE(self.config.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.config.parent.stat().st_mode), 0o700)
        self.assertNotIn(TOKEN, self.config.read_text())
        listed = self.ek_json("context", "list")["items"]
        self.assertEqual([(c["name"], c["current"]) for c in listed],
                         [("lab", False), ("prod", True)])
        self.assertTrue(self.ek_json("context", "show")["token_file"].endswith("/token"))
        self.ek("context", "use", "lab")
        self.ek("get", "hosts")
        self.assertEqual(len(self.other.requests), 1)
        self.ek("context", "use", "none", exits=2)
        self.ek("context", "show", "none", exits=5)
        self.ek("context", "remove", "lab")
        self.ek("get", "hosts", exits=2)
        self.ek("context", "add", "bad", "--url", "ftp://127.0.0.1", exits=2)
        self.ek("context", "add", "bad", exits=2)

    def test_xdg_config_home_is_where_contexts_live(self):
        self.environment["XDG_CONFIG_HOME"] = str(self.home / "xdg")
        self.ek("context", "add", "prod", "--url", self.api.url)
        self.assertTrue((self.home / "xdg/ek/config.json").exists())

    def test_a_file_of_contexts_that_others_can_read_is_refused(self):
        self.ek("context", "add", "prod", "--url", self.api.url)
        self.bare()
        self.ek("get", "hosts")
        for mode in (0o640, 0o604, 0o620):
            self.config.chmod(mode)
            self.ek("get", "hosts", exits=2)
            self.ek("context", "list", exits=2)
            self.assertIn("chmod 600", self.told)

    def test_a_broken_file_of_contexts_is_named(self):
        self.ek("context", "add", "prod", "--url", self.api.url)
        self.config.write_text('{"contexts":{"a":{}}}')
        self.ek("get", "hosts")  # the environment says all that is needed
        self.bare()
        self.ek("get", "hosts", exits=2)
        self.assertIn(str(self.config), self.told)

    def test_no_orchestrator_is_a_usage_error_that_says_what_to_do(self):
        self.bare()
        self.ek("get", "hosts", exits=2)
        self.assertIn("ek context add", self.told)

    def test_the_token_comes_from_standard_input_too(self):
        self.ek("get", "hosts", "--token-file", "-", stdin="from-stdin\n")
        self.assertEqual(self.sent_token(self.api), "Bearer from-stdin")

    def test_a_token_that_cannot_be_one_is_not_sent(self):
        for text in ("", "two words\n", "a\x01b\n", "x" * 5000):
            self.ek("get", "hosts", "--token-file", self.token("bad", text), exits=2)
        self.ek("get", "hosts", "--token-file", str(self.home / "none"), exits=2)
        self.assertEqual(self.api.requests, [])

    def test_a_token_never_travels_in_the_clear(self):
        self.ek("get", "hosts", "--url", "http://192.0.2.1:7780", exits=2)
        self.assertIn("use https", self.told)

    def test_a_url_with_a_user_or_a_query_is_refused(self):
        for url in ("http://user:pass@127.0.0.1", "http://127.0.0.1/?a=b", "file:///etc/passwd",
                    "nonsense", "http://"):
            self.ek("get", "hosts", "--url", url, exits=2)

    def test_a_proxy_of_the_environment_does_not_see_this_machine(self):
        self.environment["http_proxy"] = self.other.url
        self.ek("get", "hosts")
        self.assertEqual((len(self.api.requests), len(self.other.requests)), (1, 0))


class Tls(EkCase):
    def test_the_certificate_is_checked_against_the_ca_file(self):
        key, certificate = self.home / "key.pem", self.home / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                        "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure = FakeApi(context)
        self.addCleanup(secure.close)
        secure.on("GET", "/v1/hosts", page([HOST_A]))
        self.environment["EK_URL"] = secure.url
        self.ek("get", "hosts", exits=1)
        self.assertEqual(secure.requests, [])
        self.assertEqual(json.loads(self.ek("get", "hosts", "--ca-file", str(certificate),
                                            "-o", "json"))["items"], [HOST_A])
        self.environment["EK_URL"] = secure.url.replace("127.0.0.1", "localhost")
        self.ek("get", "hosts", "--ca-file", str(certificate), exits=1)


if __name__ == "__main__":
    unittest.main()
