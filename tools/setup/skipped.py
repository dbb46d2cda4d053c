"""Lists the skipped tests of a ctest run with their reasons: skipped.py JUNIT_FILE

A ctest test may be a whole GoogleTest or unittest program, so skipped cases are looked for in the output of every test.
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree

# GoogleTest prints "FILE:LINE: Skipped", the reason on the next lines, then "[  SKIPPED ] NAME (N ms)".
CASE = re.compile(r": Skipped\n(?P<reason>.*?)\n*\[  SKIPPED \] (?P<name>[^\s,]+)[^\n]*ms\)", re.DOTALL)

# unittest -v prints "NAME (MODULE.CLASS.NAME) ... skipped 'reason'".
UNITTEST = re.compile(r"^(?P<name>\w+) \([\w.]+\)\n?.*?\.\.\. skipped (['\"])(?P<reason>.*)\2$", re.MULTILINE)


def skipped_cases(junit_path):
    """Pairs (name, reason), in the order in which the tests ran."""
    cases = []
    if not os.path.exists(junit_path):
        return cases
    for test in ElementTree.parse(junit_path).getroot().iter("testcase"):
        output = test.findtext("system-out") or ""
        found = [(m["name"], " ".join(m["reason"].split()) or "no reason given") for m in CASE.finditer(output)]
        found += [(m["name"], m["reason"]) for m in UNITTEST.finditer(output)]
        element = test.find("skipped")
        if not found and (element is not None or test.get("status") in ("notrun", "disabled")):
            message = "" if element is None else element.get("message") or ""
            found = [(test.get("name"), message or "not run")]
        cases += found
    return cases


def main():
    cases = skipped_cases(sys.argv[1])
    if not cases:
        print("no test was skipped")
        return
    print(f"{len(cases)} skipped:")
    for name, reason in cases:
        print(f"  {name}: {reason}")


if __name__ == "__main__":
    main()
