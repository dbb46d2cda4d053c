"""cms config: a configuration is read and what it names is opened before the daemon has it; no secret is said."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from program import ProgramTest, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = "5ec2e7" * 10 + "abcd"
OPENSSL = shutil.which("openssl")


class ConfigTest(ProgramTest):
    """A folder with an atlas, keys and a cms.toml that names them."""

    def setUp(self):
        super().setUp()
        shutil.copy(self.atlas, self.own / "atlas.cms")
        self.secret("main.key")
        tokens = self.own / "tokens"
        tokens.write_text("gateway reader main - cn:gateway-7\n")
        tokens.chmod(0o600)

    def secret(self, name, mode=0o600):
        path = self.own / name
        path.write_text(SECRET + "\n")
        path.chmod(mode)
        return path

    def config(self, more="", atlas='file = "atlas.cms"\n', serve='tokens = "tokens"\n', store=""):
        path = self.own / "cms.toml"
        path.write_text(f'[atlas]\n{atlas}[serve]\n{serve}[store]\npath = "store"\n{store}'
                        f'[tenants.main]\nkey_file = "main.key"\n{more}')
        return path

    def check(self, *words, **parts):
        done = run("config", "check", self.config(*words, **parts))
        self.assertNotIn(SECRET[:12], (done.stdout + done.stderr).decode(), "a secret was said")
        return done

    def assert_wrong(self, done, code, *said):
        self.assertEqual(done.returncode, code, done.stderr.decode())
        for words in said:
            self.assertIn(words, done.stderr.decode())


class Check(ConfigTest):
    def test_a_good_configuration_passes_and_says_what_was_found(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        lines = done.stdout.decode().splitlines()
        self.assertFalse([line for line in lines if line.startswith("error")])
        self.assertTrue([line for line in lines if line.startswith("ok       atlas.file")])
        self.assertFalse([line for line in lines if "jitter" in line])
        self.assertTrue([line for line in lines if line.startswith("ok       serve.tokens") and "1 credential" in line
                         and "credentials" not in line])
        self.assertTrue([line for line in lines if line.startswith("ok       policy ")
                         and line.endswith("in force: accounts are acted upon")])
        shadow = self.check("[policy]\nshadow = true\n").stdout.decode()
        self.assertIn("in shadow: nobody is acted upon", shadow)
        self.assertNotIn("in force", shadow)
        lines = self.check("[policy]\njitter = 0\n").stdout.decode().splitlines()
        self.assertTrue([line for line in lines if line.startswith("warning  policy.jitter")])
        self.assertFalse((self.own / "store").exists(), "checking makes nothing")

    def test_the_events_file_is_named_and_said_to_be_there_when_it_is(self):
        events = '[events]\nfile = "events.ndjson"\n'
        self.assertIn("events.ndjson will be made", self.check(events).stdout.decode())
        (self.own / "events.ndjson").touch()
        self.assertIn("events.ndjson is there", self.check(events).stdout.decode())
        (self.own / "events.ndjson").unlink()
        (self.own / "events.ndjson").mkdir()
        self.assert_wrong(self.check(events), 3, "events.file", "no file that this user may write")

    def test_the_folder_of_the_events_file_has_to_be_there_and_that_of_the_store_has_not(self):
        events = '[events]\nfile = "logs/events.ndjson"\n'
        self.assert_wrong(self.check(events), 3, "events.file", "logs is not there")
        (self.own / "logs").mkdir()
        self.assertIn("events.ndjson will be made", self.check(events).stdout.decode())
        self.assertEqual(self.check(store='snapshots = "far/away/copies"\n').returncode, 0)

    def test_snapshots_may_not_lie_in_the_store(self):
        for where in ("store", "store/copies", "x/../store/a"):
            self.assert_wrong(self.check(store=f'snapshots = "{where}"\n'), 3, "lies in the store")
        self.assertEqual(self.check(store='snapshots = "store-copies"\n').returncode, 0)

    def test_json_is_one_object_with_every_finding(self):
        done = run("config", "check", self.config(), "--json")
        said = json.loads(done.stdout)
        self.assertEqual(list(said), ["file", "holds", "findings"])
        self.assertTrue(said["holds"])
        for finding in said["findings"]:
            self.assertEqual(list(finding), ["level", "setting", "message"])
            self.assertIn(finding["level"], ("ok", "warning"))

    def test_json_of_a_failing_check_says_that_it_does_not_hold(self):
        (self.own / "atlas.cms").unlink()
        done = run("config", "check", self.config(), "--json")
        self.assertEqual(done.returncode, 3)
        self.assertFalse(json.loads(done.stdout)["holds"])

    def test_a_file_that_is_no_configuration_is_one_error_in_json_and_nothing_but_the_error_in_words(self):
        broken = self.own / "broken.toml"
        broken.write_text("[serve\n")
        for path in (broken, self.config("[polcy]\n"), self.own / "missing.toml"):
            done = run("config", "check", path, "--json")
            said = json.loads(done.stdout)
            self.assert_wrong(done, 3, path.name)
            self.assertEqual((said["file"], said["holds"], len(said["findings"])), (str(path), False, 1))
            finding = said["findings"][0]
            self.assertEqual(list(finding), ["level", "setting", "message"])
            self.assertEqual((finding["level"], finding["setting"]), ("error", ""))
            self.assertEqual(done.stderr.decode(), f"cms: error: {finding['message']}\n")
            self.assert_fails(run("config", "check", path), 3, path.name)

    def test_a_missing_or_damaged_atlas_is_bad_input(self):
        atlas = self.own / "atlas.cms"
        content = bytearray(atlas.read_bytes())
        content[len(content) // 2] ^= 1
        atlas.write_bytes(content)
        self.assert_wrong(self.check(), 3, "atlas.file")
        atlas.unlink()
        self.assert_wrong(self.check(), 3, "atlas.file", "atlas.cms")

    @unittest.skipUnless(OPENSSL, "openssl makes the keys")
    def test_an_atlas_that_is_not_signed_with_the_trusted_key_is_refused(self):
        key, public = self.own / "sign.pem", self.own / "public.pem"
        subprocess.run([OPENSSL, "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        subprocess.run([OPENSSL, "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
        self.assert_wrong(self.check(atlas='file = "atlas.cms"\ntrust = "public.pem"\n'), 4, "atlas.file")

    def test_a_key_that_others_may_read_is_an_error(self):
        self.secret("main.key", 0o640)
        self.assert_wrong(self.check(), 3, "main.key", "chmod 600")

    def test_tokens_that_others_may_change_or_that_are_none_are_errors(self):
        tokens = self.own / "tokens"
        tokens.chmod(0o620)
        self.assert_wrong(self.check(), 3, "serve.tokens", "chmod 600")
        tokens.chmod(0o600)
        tokens.write_text("gateway king main - cn:gateway-7\n")
        self.assert_wrong(self.check(), 3, "serve.tokens", "tokens")

    def test_a_key_that_is_none_is_an_error(self):
        self.secret("main.key").write_text(SECRET[1:] + "\n")
        self.assert_wrong(self.check(), 3, "tenants.main", "64 hex digits")

    def test_a_webhooks_secret_that_the_daemon_would_not_take_is_an_error(self):
        good = "whsec_" + base64.b64encode(bytes(32)).decode()
        path = self.own / "hook"
        path.touch(0o600)
        hook = '[[webhooks]]\nurl = "https://example.org/"\n'
        for secret, code in ((good, 0), (good + " " + good, 0), ("whsec_short", 3), ("", 3)):
            path.write_text(secret + "\n")
            done = self.check(hook + 'secret_file = "hook"\n')
            self.assertEqual(done.returncode, code, secret)
            if code != 0:
                self.assert_wrong(done, 3, "webhooks", "hook", "24 to 64 bytes")
            config = self.config(hook + 'secret_environment = "CMS_TEST_HOOK"\n')
            done = run("config", "check", config, env=os.environ | {"CMS_TEST_HOOK": secret})
            self.assertEqual(done.returncode, code, secret)
            self.assertNotIn("whsec_short", (done.stdout + done.stderr).decode())
        done = run("config", "check", config, env={name: value for name, value in os.environ.items()
                                                   if name != "CMS_TEST_HOOK"})
        self.assertEqual(done.returncode, 0)
        self.assertIn("CMS_TEST_HOOK is not set here", done.stdout.decode())
        path.write_text(good + "\n")
        done = self.check(hook + 'secret_file = "hook"\nauthorities = "none.pem"\n')
        self.assert_wrong(done, 3, "webhooks", "none.pem", "cannot be read")

    @unittest.skipUnless(OPENSSL, "openssl makes the certificates")
    def test_a_certificate_needs_its_own_key(self):
        for name in ("a", "b"):
            subprocess.run([OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=x", "-keyout", self.own / f"{name}.key", "-out",
                            self.own / f"{name}.pem"], check=True, capture_output=True)
            (self.own / f"{name}.key").chmod(0o600)
        serve = 'tokens = "tokens"\nhttp = "0.0.0.0:8420"\ntls_certificate = "{}"\ntls_key = "{}"\n{}'
        proxy = ('[proxy]\nlisten = "127.0.0.1:0"\nupstream = "http://127.0.0.1:1"\n'
                 'tls_certificate = "{}"\ntls_key = "{}"\n')
        good = serve.format("a.pem", "a.key", 'tls_client_ca = "b.pem"\n')
        self.assertEqual(self.check(proxy.format("b.pem", "b.key"), serve=good).returncode, 0)
        for files, setting, said in ((("a.pem", "b.key", ""), "serve.tls_key", "not that of the certificate"),
                                     (("a.pem", "missing", ""), "serve.tls_key", "cannot be read"),
                                     (("missing", "a.key", ""), "serve.tls_certificate", "missing"),
                                     (("a.key", "a.key", ""), "serve.tls_certificate", "no certificate"),
                                     (("a.pem", "a.key", 'tls_client_ca = "b.key"\n'), "serve.tls_client_ca", "b.key")):
            self.assert_wrong(self.check(serve=serve.format(*files)), 3, setting, said)
        self.assert_wrong(self.check(proxy.format("a.pem", "b.key"), serve=good), 3, "proxy.tls_key",
                          "not that of the certificate")

    def test_two_listeners_on_one_address_are_an_error(self):
        proxy = '[proxy]\nlisten = "127.0.0.1:{}"\nupstream = "http://127.0.0.1:1"\n'
        serve = 'tokens = "tokens"\nhttp = "127.0.0.1:{}"\ngrpc = "127.0.0.1:{}"\n'
        self.assert_wrong(self.check(proxy.format(7001), serve=serve.format(7000, 7001)), 3, "proxy.listen",
                          "has the address of serve.grpc")
        self.assert_wrong(self.check(serve=serve.format(7000, 7000)), 3, "serve.grpc", "has the address of serve.http")
        self.assertEqual(self.check(proxy.format(0), serve=serve.format(0, 0)).returncode, 0)

    def test_listening_beyond_the_machine_without_tls_is_warned_of(self):
        done = self.check(serve='tokens = "tokens"\nhttp = "0.0.0.0:8420"\n')
        self.assertEqual(done.returncode, 0)
        self.assertIn("without TLS", done.stdout.decode())

    def test_an_address_by_name_which_serve_refuses_is_an_error(self):
        for setting in ("http", "grpc"):
            done = self.check(serve=f'tokens = "tokens"\n{setting} = "localhost:8420"\n')
            self.assert_wrong(done, 3, f'"{setting}"', "names are not looked up")

    def test_an_allowance_that_has_ended_is_warned_of(self):
        done = self.check('[[policy.allow]]\ntenant = "main"\naccount = "bot"\nuntil = 2020-01-01\nwhy = "x"\n')
        self.assertEqual(done.returncode, 0)
        self.assertIn('"bot" has ended', done.stdout.decode())

    def test_a_typing_error_is_named_with_its_place_and_what_was_meant(self):
        done = self.check("[polcy]\n")
        self.assert_fails(done, 3, "cms.toml, line 9, column 2", '"polcy"; did you mean "policy"?')


class Default(ConfigTest):
    def test_what_default_prints_passes_once_its_files_are_there(self):
        done = run("config", "default")
        self.assertEqual(done.returncode, 0)
        (self.own / "cms.toml").write_bytes(done.stdout)
        checked = run("config", "check", self.own / "cms.toml")
        self.assertEqual(checked.returncode, 0, checked.stderr.decode())

    def test_the_example_passes_with_the_files_it_names(self):
        shutil.copy(ROOT / "examples/cms.toml", self.own / "example.toml")
        for name in ("atlas.cms", "main.key", "tokens"):
            self.assertIn(f'"{name}"', (self.own / "example.toml").read_text())
        checked = run("config", "check", self.own / "example.toml")
        self.assertEqual(checked.returncode, 0, checked.stderr.decode())

    def test_the_page_has_the_table_of_the_program(self):
        table = run("config", "default", "--table").stdout.decode()
        self.assertGreater(len(table.splitlines()), 40)
        self.assertIn(table, (ROOT / "docs/operate.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
