"""cms key, cms store, cms erase: keys and stores from the command line."""

import json
import os
import pathlib
import shutil

import program

GOLDEN = pathlib.Path(os.environ.get("CMS_SOURCE_DIR", pathlib.Path(__file__).parents[2])) / "tests/golden/store-v1"


class StoreTest(program.ProgramTest):
    """On a copy of the golden store, whose tenants' keys are known."""

    def setUp(self):
        super().setUp()
        self.store = self.own / "store"
        shutil.copytree(GOLDEN, self.store)
        self.keys = []
        for tenant, first in (("acme", 1), ("bell", 101)):
            file = self.own / f"{tenant}.key"
            file.write_text(bytes(range(first, first + 32)).hex() + "\n")
            file.chmod(0o600)
            self.keys += ["--key", f"{tenant}={file}"]

    def run_store(self, *words):
        return program.run(*words, "--path", self.store, *self.keys)

    def test_a_key_is_made_once(self):
        self.assertEqual(program.run("key", self.own / "new.key").returncode, 0)
        self.assertEqual((self.own / "new.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(program.run("key", self.own / "new.key").returncode, 2)

    def test_verify_counts_what_is_there(self):
        done = self.run_store("store", "verify")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"4 records of 2 tenants, 2 entries", done.stdout)

    def test_verify_tells_damage(self):
        for file in self.store.glob("*.sst"):
            content = bytearray(file.read_bytes())
            content[40] ^= 1
            file.write_bytes(content)
        done = self.run_store("store", "verify")
        self.assertEqual(done.returncode, 3, done.stdout)

    def test_another_key_is_refused_and_a_mistyped_folder_made_no_store(self):
        done = program.run("store", "verify", "--path", self.store, "--key", f"acme={self.own / 'bell.key'}")
        self.assertEqual(done.returncode, 4, done.stderr)
        done = program.run("store", "verify", "--path", self.own / "stroe", *self.keys)
        self.assertEqual(done.returncode, 3)
        self.assertFalse((self.own / "stroe").exists())

    def test_an_erased_account_is_gone_from_the_store_and_comes_back_with_a_snapshot(self):
        copy = self.own / "copy"
        self.assertEqual(self.run_store("store", "snapshot", copy).returncode, 0)
        done = self.run_store("erase", "acme", "ann")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.run_store("erase", "acme", "ann").returncode, 3)
        self.assertIn(b"2 records", self.run_store("store", "verify").stdout)
        entries = [json.loads(line) for line in self.run_store("store", "audit").stdout.splitlines()]
        self.assertEqual([entry["action"] for entry in entries], ["label", "label", "erase"])
        self.assertNotIn("ann", json.dumps(entries[-1]["detail"]).replace("account", ""))
        done = program.run("store", "restore", "--path", self.store, copy)
        self.assertEqual(done.returncode, 2)
        shutil.rmtree(self.store)
        done = program.run("store", "restore", "--path", self.store, copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"4 records", self.run_store("store", "verify").stdout)
