"""The self-test of tidy.py: each rule with texts it must find and texts it must leave alone."""

import pathlib
import tempfile

HEADER = "// What this is.\n#pragma once\n"
LONG_BODY = "  work();\n" * 59


def body(opening, closing="}"):
    """A block of 61 lines behind `opening`."""
    return f"{opening}\n{LONG_BODY}{closing}\n"


# (path, text, part of the message), or None for the message where nothing may be found.
CASES = [
    # size
    ("src/base/a.cpp", "\n" * 501, "file has 501 lines"),
    ("src/base/a.cpp", "\n" * 500, None),
    ("tools/a.sh", "x" * 121 + "\n", "line has 121 columns"),
    ("tools/a.sh", "x" * 120 + "\n", None),
    # ASCII
    ("src/base/a.cpp", 'auto a = "\u00e9";\n', "is not ASCII"),
    ("tools/a.py", 'a = "\u00e9"\n', None),
    # functions
    ("src/base/a.cpp", body("int f() {"), "function has 61 lines"),
    ("src/base/a.cpp", "int f() {\n" + LONG_BODY[10:] + "}\n", None),
    ("src/base/a.cpp", body("Foo::Foo(int a) : a_{a}, b_(2) {"), "function has 61 lines"),
    ("src/base/a.cpp", body("Foo::Foo(int a)\n    : a_(a), b_{} {"), "function has"),
    ("src/base/a.cpp", body("auto f(int a) -> std::vector<int> {"), "function has 61 lines"),
    ("src/base/a.cpp", body("template <typename T>\n  requires Number<T>\nT f(T a) const noexcept {"), "function has"),
    ("src/base/a.cpp", body("bool operator==(const A& a, const A& b) {"), "function has 61 lines"),
    ("src/base/a.cpp", body("TEST(Suite, a_name) {"), "function has 61 lines"),
    ("src/base/a.cpp", body("namespace a {\nclass B {\n  void f(int a = 3) override {", "}};}"), "function has 61"),
    ("src/base/a.cpp", body("namespace cms {"), None),
    ("src/base/a.cpp", body("namespace {\nint f() { return 1; }"), None),
    ("src/base/a.cpp", body("struct A final : public B<int (*)(int)> {", "};"), None),
    ("src/base/a.cpp", body("template <class T>\nclass [[nodiscard]] A {\n public:", "};"), None),
    ("src/base/a.cpp", body("enum class A : std::uint8_t {", "};"), None),
    ("src/base/a.cpp", body("constexpr std::array<int, 3> kTable = {{", "}};"), None),
    ("src/base/a.cpp", body("const std::vector<A> kTable{", "};"), None),
    ("src/base/a.cpp", body("const auto kTable = make({", "});"), None),
    ("src/base/a.cpp", 'int f() {\n  g(R"x(' + "}\n{\n" * 40 + ')x");\n}\n', "function has 83 lines"),
    ("src/base/a.cpp", "char f() { return '{'; }\n" + "int x;\n" * 70 + "int g() { return 1'000; }\n", None),
    ("src/base/a.cpp", "#define A(x) \\\n  f(x) {\n" + "int x;\n" * 70, None),
    ("dashboard/a.svelte", "x" * 121 + "\n", "121 columns"),
    ("tools/a.py", "def f():\n" + "    g()\n" * 60, "function has 61 lines"),
    ("tools/a.py", "def f():\n" + "    g()\n" * 59, None),
    ("tools/a.py", "def f(:\n", "not Python"),
    # arrows
    ("src/base/a.cpp", '#include "types/score.hpp"\n', "base may not include types"),
    ("src/types/a.cpp", '#include "window/window.hpp"\n', "types may not include window"),
    ("src/score/a.cpp", '#include "window/window.hpp"\n', "score may not include window"),
    ("src/measure/homology/a.cpp", '#include "measure/coverage/coverage.hpp"\n', "may not include measure/coverage"),
    ("src/pipeline/a.cpp", '#include "lab/account.hpp"\n', "pipeline may not include lab"),
    ("src/wizard/a.cpp", "int a;\n", "is no folder of the design"),
    ("src/window/a.cpp", '#include "../types/score.hpp"\n', "not relative"),
    ("src/window/a.cpp", '#include "window/b.hpp"\n#include "types/c.hpp"\n#include "base/d.hpp"\n', None),
    ("src/window/a.cpp", '// #inclu' + 'ded by others: "score/score.hpp"\n', None),
    ("src/pipeline/a.cpp", '#include "measure/homology/homology.hpp"\n#include "score/score.hpp"\n', None),
    ("src/lab/a.cpp", '#include "pipeline/measure.hpp"\n', None),
    ("apps/cms/a.cpp", '#include "lab/a.hpp"\n#include "serve/b.hpp"\n', None),
    # headers
    ("src/base/a.hpp", "// What this is.\nint a;\n", "without #pragma once"),
    ("src/base/a.hpp", "#pragma once\n// A comment that comes late.\nint a;\n", "without a preamble"),
    ("src/base/a.hpp", "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n", "without a preamble"),
    ("src/base/a.hpp", HEADER + "using namespace std;\n", "using namespace"),
    ("src/base/a.hpp", HEADER + "int a;\n", None),
    ("include/cms/a.h", "// What this is.\n#ifndef CMS_A_H\n#define CMS_A_H\n#endif\n", None),
    # words
    ("src/base/a.cpp", "// TO" + "DO: more\n", "finish it"),
    ("tools/a.py", "# FIX" + "ME\n", "finish it"),
    ("src/base/a.cpp", "// @auth" + "or Somebody\n", "author tag"),
    ("tools/a.sh", "# Auth" + "or: Somebody\n", "author tag"),
    ("src/base/a.cpp", "// An array written by put_array.\n// The authors of the paper call it a pivot.\n", None),
    # commented-out code
    ("src/base/a.cpp", "// return a;\n", "commented-out"),
    ("src/base/a.cpp", "//  const int a = b + 1;\n", "commented-out"),
    ("src/base/a.cpp", "// window.push(a, b);\n", "commented-out"),
    ("src/base/a.cpp", "// }\n", "commented-out"),
    ("src/base/a.cpp", "// if (a > b) {\n", "commented-out"),
    ("src/base/a.cpp", "// std::vector<int> a;\n", "commented-out"),
    ("src/base/a.cpp", "/* first\n   a = b;\n*/\n", "commented-out"),
    ("src/base/a.cpp", "// #include <vector>\n", "commented-out"),
    ("src/base/a.cpp", "// One writer (see store), many readers;\n// if it fails, the old file stays;\n", None),
    ("src/base/a.cpp", "// It is sqrt(2 - 2 cos), where cos = a.b; never below 0.\n}  // namespace cms\n", None),
    ("src/base/a.cpp", "// For a given window (of length n) the cost is O(n^2);\n// else nothing changes.\n", None),
    ("src/base/a.cpp", 'auto a = "// return a;";\nauto b = "http://x/y";\n', None),
    ("tools/a.py", "# value = compute(3)\n", "commented-out"),
    ("tools/a.py", "# import os\n", "commented-out"),
    ("tools/a.py", "# Reads the file, then closes it.\n# ok\n#!x\n# a, b\n", None),
    # banned calls
    ("src/base/a.cpp", 'void f() { std::printf("x"); }\n', "printf"),
    ("src/base/a.cpp", 'void f() { std::cout << "x"; }\n', "standard stream"),
    ("src/base/a.cpp", "void f() { exit(1); }\n", "exit"),
    ("src/base/a.cpp", "int f() { return std::rand(); }\n", "rand"),
    ("src/base/a.cpp", 'void f() { system("ls"); }\n', "system"),
    ("src/measure/homology/a.cpp", "#include <chrono>\n", "clock"),
    ("src/score/a.cpp", "auto f() { return std::chrono::steady_clock::now(); }\n", "clock"),
    ("src/window/a.cpp", "std::mutex lock;\n", "thread"),
    ("src/atlas/a.cpp", "#pragma omp parallel for\n", "thread"),
    ("src/measure/mixture/a.cpp", "std::random_device device;\n", "chance"),
    ("src/base/a.cpp", "#include <chrono>\n// exit( in words\nvoid f() { log.system(1); on_exit(2); }\n", None),
    ("src/score/a.cpp", "double f(const A& a) { return a.time(0) + last_time(a); }\n", None),
    ("apps/cms/a.cpp", 'int main() { std::printf("x"); }\n', None),
    # documents
    ("docs/a.md", "see [b](missing.md)\n", "link to missing.md"),
    ("docs/a.md", "# Here\n[b](b.md#b) [c](https://x.y/z#d) [d](#here) `[e](f.md)`\n```\n[g](h.md)\n```\n", None),
    ("docs/a.md", "[b](b.md#part)\n", "link to b.md#part: the page has no such heading"),
    ("docs/a.md", "# Here\n[d](#there)\n", "link to #there: the page has no such heading"),
    ("docs/decisions/0001-a.md", "# 1. A\n", None),
    ("docs/decisions/0002-b.md", "# 2. B\n", "the index, docs/README.md, does not name this decision"),
    ("src/base/a.cpp", "// docs/missing.md says more.\n", "names docs/missing.md"),
    ("src/base/a.cpp", "// docs/b.md says more.\n", None),
]


def run(check):
    """Runs every case; prints the failed ones; 0 if there are none."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "docs").mkdir()
        (root / "docs" / "b.md").write_text("# b\n", encoding="utf-8")
        (root / "docs" / "README.md").write_text("[1](decisions/0001-a.md)\n", encoding="utf-8")
        for path, text, expected in CASES:
            messages = [message for _, message in check(path, text, root)]
            good = not messages if expected is None else any(expected in message for message in messages)
            if not good:
                failed += 1
                print(f"{path}: {text[:70]!r}: expected {expected!r}, found {messages}")
    print(f"tidy self-test: {len(CASES)} cases, {failed} failed")
    return 1 if failed else 0
