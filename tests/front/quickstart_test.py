"""The end of ./quickstart: the daemon and its driver over the shipped atlas, until a score falls and Ctrl-C."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
import program  # noqa: E402

MODEL = os.environ.get("CMS_MODEL", "")


@unittest.skipUnless(program.PROGRAM and MODEL, "needs the program and a model; ctest names them")
class QuickstartTest(unittest.TestCase):
    def test_scores_of_attackers_fall_before_those_of_people_and_ctrl_c_ends_all(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-quickstart-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        environment = os.environ | {"CMS_QUICKSTART_DIR": str(folder)}
        subprocess.run(["bash", ROOT / "tools/quickstart/main_job.sh", "--shipped"], check=True, env=environment,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = subprocess.Popen(["bash", ROOT / "tools/quickstart/serve.sh"], env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        watchdog = threading.Timer(240, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        said, limited = "", []
        while len(limited) < 2:
            line = process.stdout.readline().decode(errors="replace")
            self.assertTrue(line, said)
            said += line
            limited += re.findall(r"^ +\d+ s  (\S+) +limit ", line)
        link = re.search(r"(http://127\.0\.0\.1:\d+)/dashboard/#token=cms_\w+", said)
        self.assertTrue(link, said)
        for name in limited:
            self.assertTrue(name.startswith("attacker-"), said)
        with urllib.request.urlopen(link.group(1) + "/readyz", timeout=10) as answer:
            self.assertEqual(answer.status, 200)
        second = subprocess.run([ROOT / "quickstart"], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1, second.stdout)
        self.assertIn("another one runs its daemon", second.stderr)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        self.assertEqual(process.wait(timeout=60), 0, said)
        with self.assertRaises(ProcessLookupError):
            os.killpg(process.pid, 0)


if __name__ == "__main__":
    unittest.main()
