"""Proofs that are programs of their own, as they are run by themselves too: a goal line of each for `prove`.

Each takes the folder of the programs and whether it is the long form, and returns what its goal lines are made of: what
was done, how often it went wrong (None: it could not be done here).
"""

import concurrent.futures
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "front"))
import peers  # noqa: E402

FUZZERS_TOGETHER = 2  # programs at once
GRPC_MATRIX = ("GrpcServerTest.taps_and_admins_*:GrpcServerTest.readers_analysts_*:GrpcServerTest.who_has_no_token_*:"
               "GrpcServerTest.a_batch_of_an_unknown_tenant_*:ExtAuthz.is_for_readers_*")


def tell(*lines):
    """Why, beside the goal lines."""
    for line in lines:
        print(line, file=sys.stderr)


def gtest(program, pattern, environment=None):
    """Failed expectations of the tests that match, how many those are, and what they recorded."""
    with tempfile.TemporaryDirectory(prefix="cms_apart_") as folder:
        report = pathlib.Path(folder) / "report.json"
        done = subprocess.run([program, f"--gtest_filter={pattern}", f"--gtest_output=json:{report}"],
                              env=os.environ | (environment or {}), cwd=folder, capture_output=True, text=True)
        found = json.loads(report.read_text()) if report.exists() and report.stat().st_size > 0 else {"tests": 0}
    tests = [test for suite in found.get("testsuites", ()) for test in suite["testsuite"]]
    names = [f"{test['classname']}.{test['name']}" for test in tests if test["result"] != "SKIPPED"]
    if not all(fnmatch.filter(names, one) for one in pattern.split(":")):
        raise RuntimeError(f"{program} {pattern}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    failures = sum(len(test.get("failures", ())) for test in tests)
    if done.returncode != 0:
        tell(done.stdout[-4000:], done.stderr[-4000:])
    return max(failures, int(done.returncode != 0)), len(tests), tests


def faults(programs, long):
    every = {"CMS_STORE_FAULTS": "1"} if long else {}
    how = "each" if long else "a share"
    store, *_ = gtest(programs / "cms_store_test", "Faults.*", every)
    engine, *_ = gtest(programs / "cms_pipeline_test", "EngineFaults.*", every)
    return [(f"store: {how} of its file operations failing once, three kinds, and a power cut at it: crashes, "
             "acknowledged events lost, failures untold", store),
            (f"engine: {how} of its file operations failing once: acknowledged events lost or counted twice", engine)]


def flips(programs, long):
    many, fewer = (10_000, 10_000) if long else (150, 60)
    wrong, _, tests = gtest(programs / "cms_store_test", "Damage.a_flipped_bit_*", {"CMS_STORE_FLIPS": str(many)})
    kinds = sum(", " in str(value) and "refused" in str(value) for value in tests[0].values())
    done = subprocess.run([HERE / "flip", "--flips", str(fewer), "--json"], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError("flip: " + done.stderr)
    told = json.loads(done.stdout)
    tell(*told["wrong"])
    return [(f"store: {many} flipped bits over {kinds} kinds of file: gave other content", wrong),
            (f"daemon: {fewer} flipped bits over {len(told['outcomes'])} kinds of file in its folder: crashes, endings "
             "without a message, other scores", len(told["wrong"]))]


def matrix(programs, long):
    http, rows, _ = gtest(programs / "cms_serve_test", "authority_matrix.*")
    grpc, more, _ = gtest(programs / "cms_serve_test", GRPC_MATRIX)
    return [(f"role x endpoint x tenant, HTTP and gRPC, {rows + more} tests: leaks", http + grpc)]


def schemathesis():
    """From the path, else from PyPI into a folder of its own; None where neither can be had."""
    found = shutil.which("schemathesis")
    folder = None if found else peers.installed("schemathesis", ("schemathesis==4.32.0",))
    return found or folder and str(folder / "bin" / "schemathesis")


def conform(programs, long):
    program = schemathesis()
    seconds = 600 if long else 10
    what = f"schemathesis on the OpenAPI document, {seconds} s: answers it does not allow"
    if not program:
        return [(what + " (not run: it could not be installed)", None)]
    done = subprocess.run([HERE / "conform", "--seconds", str(seconds), "--schemathesis", program], capture_output=True,
                          text=True)
    if done.returncode != 0:
        tell(done.stdout[-4000:], done.stderr[-4000:])
    return [(what, int(done.returncode != 0))]


def fuzz_one(program, seconds):
    """The name, how many inputs its mutation loop tried, and 1 where one failed it, which is kept."""
    folder = tempfile.mkdtemp(prefix=program.name + "_")
    done = subprocess.run([program, "--seconds", str(seconds)], cwd=folder, capture_output=True, text=True)
    if done.returncode == 0:
        shutil.rmtree(folder)
        return program.name, int(done.stdout.split()[0]), 0
    tell(f"{program.name}: {done.stderr[-2000:]} (its input is in {folder})")
    return program.name, 0, 1


def fuzz(programs, long):
    seconds = 600 if long else 1
    with concurrent.futures.ThreadPoolExecutor(FUZZERS_TOGETHER) as pool:
        came = list(pool.map(lambda program: fuzz_one(program, seconds), sorted(programs.glob("cms_*_fuzz_test"))))
    if not came:
        raise RuntimeError(f"no cms_*_fuzz_test in {programs}")
    inputs = sum(one[1] for one in came)
    return [(f"{len(came)} fuzz targets, {seconds} s each, {inputs} mutated inputs, unguided: crashes",
             sum(one[2] for one in came))]


PROOFS = {"faults": faults, "flips": flips, "matrix": matrix, "conform": conform, "fuzz": fuzz}
