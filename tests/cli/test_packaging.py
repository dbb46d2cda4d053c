"""packaging/: what systemd says of the unit."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import program

ROOT = pathlib.Path(__file__).resolve().parents[2]
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE_MAX = 20  # tenths: "OK" for systemd, whose scale ends at 10


@unittest.skipUnless(ANALYZE and program.PROGRAM, "needs systemd-analyze and the program")
class UnitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.unit = pathlib.Path(folder.name) / "cms.service"
        text = (ROOT / "packaging" / "cms.service").read_text()
        self.assertIn("ExecStart=/usr/bin/cms serve --config /etc/cms/cms.toml", text)
        # systemd looks whether the program is there.
        self.unit.write_text(text.replace("/usr/bin/cms", str(pathlib.Path(program.PROGRAM).resolve())))

    def analyze(self, *words):
        return subprocess.run([ANALYZE, *words, self.unit], capture_output=True, text=True)

    def test_systemd_finds_no_fault_in_it(self):
        done = self.analyze("verify", "--man=no")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_fault_would_be_found(self):
        self.unit.write_text(self.unit.read_text().replace("LimitNOFILE=65536", "LimitNOFILES=65536"))
        self.assertIn("LimitNOFILES", self.analyze("verify", "--man=no").stderr)

    def test_it_leaves_the_daemon_little_to_be_exposed_by(self):
        done = self.analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}")
        self.assertEqual(done.returncode, 0, done.stdout[-400:] + done.stderr)


if __name__ == "__main__":
    unittest.main()
