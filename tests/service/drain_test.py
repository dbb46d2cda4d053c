"""The daemon told to end while a tap's stream is open, and begun again with its key from the environment."""

import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
import unittest

import proving

VARIABLE = "CMS_KEY_OF_TENANT_T"


class DrainTest(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="cms_drain_"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.addCleanup(proving.kill_started)
        self.world = proving.World(folder / "world", dimension=96)

    def test_a_daemon_that_drains_ends_its_streams_and_loses_nothing_that_it_acknowledged(self):
        chance, acked = random.Random(3), self.world.folder / "acked"
        tap = subprocess.Popen(self.world.words("send", "--acked", acked, "--seconds", 600, *proving.TRAFFIC),
                               stdout=subprocess.DEVNULL)
        self.addCleanup(tap.wait)
        self.addCleanup(tap.kill)
        for _ in range(6):
            self.world.start()
            time.sleep(chance.uniform(0.1, 0.8))
            began = time.monotonic()
            self.assertEqual(self.world.stop(), 0, self.world.log())
            self.assertLess(time.monotonic() - began, 25)  # what docs/operate.md says, and some for a busy machine
            self.assertIsNone(tap.poll(), "the tap gave up: the daemon has less than it acknowledged")
        tap.kill()
        tap.wait()
        found = self.world.check(acked, *proving.TRAFFIC)
        self.assertEqual((found["lost_batches"], found["different_accounts"]), (0, 0), found)
        self.assertGreater(found["acked_batches"], 6)

    def test_a_tenant_s_key_may_come_from_the_environment_and_has_to_be_the_store_s(self):
        text = self.world.config.read_text()
        self.world.config.write_text(text.replace('key_file = "t.key"', f'key_environment = "{VARIABLE}"'))
        self.addCleanup(os.environ.pop, VARIABLE, None)
        key = self.world.key.read_text().strip()
        os.environ[VARIABLE] = key
        self.world.start()
        acked = self.world.folder / "acked"
        proving.run(*self.world.words("send", "--acked", acked, "--seconds", 60, "--batches", 20, *proving.TRAFFIC))
        self.assertEqual(self.world.stop(), 0)
        found = self.world.check(acked, *proving.TRAFFIC)  # with the key's file
        self.assertEqual((found["lost_batches"], found["acked_batches"]), (0, 20), found)
        # The log names the tenant or the variable, never a key.
        another = key[:-1] + ("0" if key[-1] != "0" else "1")
        for wrong, says in ((None, VARIABLE), ("nonsense", VARIABLE), (another, '"t"')):
            os.environ.pop(VARIABLE)
            if wrong is not None:
                os.environ[VARIABLE] = wrong
            with self.subTest(key=wrong):
                with self.assertRaisesRegex(RuntimeError, "the daemon ended") as raised:
                    self.world.start()
                self.assertIn(says, str(raised.exception).splitlines()[-1])
                self.assertNotIn(wrong or key, str(raised.exception))
            os.environ[VARIABLE] = key
        self.world.start()
        self.assertEqual(self.world.stop(), 0)


if __name__ == "__main__":
    unittest.main()
