"""Runs every command of docs/first-hour.md, in its order, against the real server of llama-cpp-python."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "service"), str(ROOT / "tests" / "cli")]
import peers  # noqa: E402
import program  # noqa: E402
from daemon_world import free_port  # noqa: E402

MODEL = os.environ.get("CMS_MODEL", "")
LLAMA = os.environ.get("CMS_LLAMA_DIR", "")
ACCOUNTS, REQUESTS = 96, 40  # of the log: the fewest that an atlas can be calibrated with


def log_of_an_operator(folder):
    """Composed honest accounts with their texts, as a log: what the operator of the page would bring."""
    program.run("lab", "compose", ROOT / "examples" / "activations", "-o", folder / "parts")
    counts = {}
    with open(folder / "requests.jsonl", "w", encoding="utf-8") as log:
        for line in (folder / "parts" / "calibrate.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["account"] not in counts and len(counts) == ACCOUNTS:
                continue
            counts[row["account"]] = counts.get(row["account"], 0) + 1
            if counts[row["account"]] <= REQUESTS:
                log.write(json.dumps({key: row[key] for key in ("account", "time", "text")}) + "\n")
    return folder / "requests.jsonl"


def blocks():
    page = (ROOT / "docs" / "first-hour.md").read_text()
    return re.findall(r"^```bash\n(.*?)^```$", page, re.S | re.M)


@unittest.skipUnless(program.PROGRAM and MODEL and LLAMA, "needs the program, a model and llama.cpp; ctest names them")
class FirstHourTest(unittest.TestCase):
    def test_every_command_of_the_page_works(self):
        interpreter = peers.python()
        if interpreter is None:
            self.skipTest("PyPI's openai and llama-cpp-python cannot be installed here")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-first-hour-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        yours, *rest = blocks()
        self.assertGreaterEqual(len(rest), 12)
        ours = {"CMS": ROOT, "MODEL": MODEL, "REQUESTS": log_of_an_operator(folder), "API": f"127.0.0.1:{free_port()}",
                "PROXY": f"127.0.0.1:{free_port()}", "UPSTREAM": f"http://127.0.0.1:{free_port()}"}
        # The first block says what is the reader's own, and nothing else.
        self.assertEqual(sorted(re.findall(r"(\w+)=", yours)), sorted(ours))
        prepared = program.run("model", "prepare", "--model", MODEL).stdout.decode().splitlines()[-1]
        # As one would type it: the commands share a shell, job control and all; the first that fails ends it.
        script = "set -e -o pipefail -m\ntrap 'kill %1 2>/dev/null || true' EXIT\n"
        script += "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in ours.items())
        for number, block in enumerate(rest, 2):
            # The program under test instead of one at the page's usual place.
            block = block.replace("$CMS/build/release/bin", str(pathlib.Path(program.PROGRAM).parent))
            script += f"echo '=== block {number}'\n{block}"
        with peers.llama_server(interpreter, LLAMA, prepared, int(ours["UPSTREAM"].rsplit(":", 1)[1])):
            done = subprocess.run(["timeout", "500", "bash", "-c", script], cwd=folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
        said = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, 0, said[-4000:])
        for wanted in ("calibration holds", '"key-', '"shadow":false', "chat.completion"):
            self.assertIn(wanted, said)
        self.assertTrue((folder / "first-hour" / "events.ndjson").exists())


if __name__ == "__main__":
    unittest.main()
