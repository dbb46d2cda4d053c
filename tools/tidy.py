#!/usr/bin/env python3
"""Checks what STYLE.md says and no compiler does: tidy.py [--root DIR] | --self-test

Prints `file:line: message` for each finding and exits with 1 if there is one. It reads the tree alone: no build, no
network, no git. Its self-test shows each rule a text that must be found and one that must not.
"""

import argparse
import ast
import pathlib
import re
import sys

FILE_LINES_MAX = 500
LINE_COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 60

# Which folders of src/ each folder may include. Every stage may include itself, `types` and `base`.
STAGES = ("tap", "atlas", "window", "score", "policy", "fleet", "store")
MEASURES = ("coverage", "homology", "curvature", "dimension", "dispersion", "coherence", "divergence", "mixture",
            "repetition")
FOLDERS = {"base": {"base"}, "types": {"types", "base"}}
FOLDERS |= {stage: {stage, "types", "base"} for stage in STAGES + tuple(f"measure/{name}" for name in MEASURES)}
FOLDERS["pipeline"] = set(FOLDERS) | {"pipeline"}
FOLDERS["serve"] = FOLDERS["pipeline"] | {"serve"}
FOLDERS["abi"] = FOLDERS["pipeline"] | {"abi"}
FOLDERS["lab"] = FOLDERS["pipeline"] | {"lab"}

# Pure stages: the same bytes always give the same score, so neither time nor threads nor chance may enter.
PURE = ("src/types/", "src/measure/", "src/score/", "src/window/", "src/atlas/")

CPP = {".cpp", ".hpp", ".h"}
SCRIPTS = {".py", ".sh", ".cmake"}
WEB = {".ts", ".mjs", ".svelte", ".css"}
NAMED = {"CMakeLists.txt", "quickstart", "test", "run"}
SKIPPED_FOLDERS = {"build", "node_modules", "__pycache__", "dist"}

CALL = r"(?<![\w.>])(?:std::)?"
NO_PRINT, NO_CLOCK, NO_THREAD = "a library does not print", "clock: the time is an argument", "thread: stages own none"
NO_CHANCE = "chance is an argument, see base/random.hpp"
BANNED_IN_SRC = [(re.compile(pattern), message) for pattern, message in (
    (r"\b(?:std::)?v?f?s?printf\s*\(", f"printf: {NO_PRINT}; use fmt and return text"),
    (r"\bstd::c(?:out|err|log)\b", f"standard stream: {NO_PRINT}; take a std::ostream&"),
    (CALL + r"(?:_?exit|quick_exit|abort)\s*\(", "exit: a library returns a Result"),
    (CALL + r"s?rand\s*\(", f"rand: {NO_CHANCE}"),
    (CALL + r"(?:system|popen)\s*\(", "system: no shell is run from here"),
)]
BANNED_IN_PURE = [(re.compile(pattern), message) for pattern, message in (
    (r"\bstd::chrono\b|#\s*include\s*<(?:chrono|ctime|time\.h|sys/time\.h)>", NO_CLOCK),
    (CALL + r"(?:time|clock|clock_gettime|gettimeofday)\s*\(", NO_CLOCK),
    (r"\bstd::(?:jthread|thread|async|mutex|shared_mutex|condition_variable)\b", NO_THREAD),
    (r"#\s*include\s*<(?:thread|mutex|future|condition_variable)>|#\s*pragma\s+omp", NO_THREAD),
    (r"\bstd::random_device\b", NO_CHANCE),
)]
UNFINISHED = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|X" + "XX|HA" + r"CK)\b")
AUTHOR = re.compile(r"(?i)[@\\]auth" + r"or\b|^\W*(?:auth" + r"ors?\s*:|(?:created|written) by\b)")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
PAGE = re.compile(r"\bdocs/[\w./-]+\.md\b")


# --- reading C++ ---------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r"""(?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)
      |(?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)")
      |(?P<string>"(?:[^"\\\n]|\\.|\\\n)*")
      |(?P<number>(?<![\w])\d(?:'?[\w.])*)
      |(?P<char>'(?:[^'\\\n]|\\.)+')""",
    re.DOTALL | re.VERBOSE)


def split_cpp(text):
    """The text with comments and literals blanked, every newline kept; and the comments as (line, text)."""
    comments = []

    def blank(match):
        found = match.group()
        if match.lastgroup == "number":
            return found.replace("'", "_")
        if match["comment"]:
            comments.append((text.count("\n", 0, match.start()) + 1, found))
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]

    return TOKEN.sub(blank, text), comments


def without_preprocessor(code):
    return re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group()), code)


def strip_template(head):
    """Drops leading template<...> parts and attributes."""
    while True:
        head = re.sub(r"^\s*(?:\[\[[^\]]*\]\]\s*)+", "", head).strip()
        match = re.match(r"(?:template|export)\s*(?=<)", head)
        if not match:
            return head
        depth, at = 0, match.end()
        while at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
            if depth == 0:
                break
        head = head[at:]


def brace_kind(head):
    """What a brace after `head` opens at namespace or class level: function, scope or value."""
    head = strip_template(" ".join(head.split()))
    if not head:
        return "scope"
    if head.count("(") != head.count(")"):
        return "value"
    if re.match(r'(?:inline\s+)?namespace\b|extern\s+" *"$', head):
        return "scope"
    flat = head
    while re.search(r"\([^()]*\)", flat):
        flat = re.sub(r"\([^()]*\)", "", flat)
    if "(" in head and re.search(r"\)\s*(?:(?:const|noexcept|override|final|mutable|try|volatile|&&?)\s*)*$", head):
        return "value" if re.match(r"[^=]*[^=!<>]=\s*(?!\s*\[)", flat) and "operator" not in flat else "function"
    if "(" in head and re.search(r"\)[^()]*->\s*[^=]*$", head):
        return "function"
    if "(" in head and re.search(r"\)\s*(?:noexcept\s*)?:[^:].*\{\}$", head):
        return "function"
    if re.match(r"(?:typedef\s+)?(?:class|struct|union|enum)\b", flat) and "=" not in flat:
        return "scope"
    return "value"


def functions(code):
    """(first line, last line) of each function of a blanked C++ text; the innards of functions are not looked at."""
    code = without_preprocessor(code)
    head, head_line, line, stack, depth = "", 0, 1, [], 0
    for char in code:
        if char == "\n":
            line += 1
        if depth:  # inside a function or a value: only its braces matter
            depth += {"{": 1, "}": -1}.get(char, 0)
            if depth == 0:
                kind, first = stack.pop()
                if kind == "function":
                    yield first, line
                head = head + "{}" if kind == "value" else ""
            continue
        if char == "{":
            kind = brace_kind(head)
            if kind == "scope":
                head = ""
            else:
                stack.append((kind, head_line))
                depth = 1
        elif char == "}" or (char == ";" and head.count("(") <= head.count(")")):
            head = ""
        else:
            if not head.strip():
                head_line = line
            head = re.sub(r"(?:public|private|protected)\s*:$", "", head.lstrip() + char)


# --- rules ---------------------------------------------------------------------------------------------------------
# Each takes the path below the root and the text, and yields (line, message).


def check_size(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), f"file has {len(lines)} lines, at most {FILE_LINES_MAX}"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX:
            yield number, f"line has {len(line)} columns, at most {LINE_COLUMNS_MAX}"


def check_words(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := UNFINISHED.search(line):
            yield number, f"{match.group()}: finish it, or open an issue and say why in words"
        if AUTHOR.search(line):
            yield number, "author tag: the history names the authors"


def check_ascii(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if not line.isascii():
            odd = next(char for char in line if not char.isascii())
            yield number, f"{odd!r} is not ASCII; write it as an escape"


def too_long(first, last):
    return first, f"function has {last - first + 1} lines, at most {FUNCTION_LINES_MAX}"


def check_cpp_functions(path, text):
    for first, last in functions(split_cpp(text)[0]):
        if last - first >= FUNCTION_LINES_MAX:
            yield too_long(first, last)


def check_python_functions(path, text):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"not Python: {error.msg}"
        return
    for node in ast.walk(tree):
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX:
            yield too_long(node.lineno, node.end_lineno)


def folder_of(parts):
    """The word of design.md that owns a path below src/: `window`, `measure/homology`."""
    return "/".join(parts[:2]) if parts[0] == "measure" and len(parts) > 2 else parts[0]


def check_arrows(path, text):
    code = split_cpp(text)[0].splitlines()
    own = folder_of(path.split("/")[1:]) if path.startswith("src/") else None
    if own is not None and own not in FOLDERS:
        yield 1, f"src/{own} is no folder of the design"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match or not code[number - 1].lstrip().startswith("#"):
            continue
        target = match[1]
        if ".." in target.split("/"):
            yield number, f'include "{target}" from src/, not relative to the file'
        elif "/" in target and own is not None:
            other = folder_of(target.split("/"))
            if other in FOLDERS and other not in FOLDERS[own]:
                yield number, f"{own} may not include {other}; it may include {', '.join(sorted(FOLDERS[own]))}"


def check_header(path, text):
    code, comments = split_cpp(text)
    if "#pragma once" not in code and not (path.endswith(".h") and re.search(r"#ifndef (\w+)\n#define \1\b", code)):
        yield 1, "header without #pragma once"
    first_code = next((n for n, line in enumerate(code.splitlines(), 1) if line.strip()), 1)
    if not any(line < first_code and "SPDX" not in comment for line, comment in comments):
        yield 1, "header without a preamble that says what it is"
    for number, line in enumerate(code.splitlines(), 1):
        if re.search(r"\busing\s+namespace\b", line):
            yield number, "using namespace in a header"


CODE_LINES = [re.compile(pattern) for pattern in (
    r"#\s*(?:include|define|undef|if|ifdef|ifndef|else|elif|endif|pragma)\b",
    r"(?:return|throw|goto|delete|co_return)\b[^;]*;$|(?:break|continue);$",
    r"[\w:.\[\]>-]+(?:<[^<>]*>)?\(.*\)\s*;$",
    r"(?:[\w:<>,*&]+\s+){0,3}[\w.:*\[\]>-]+\s*[-+*/|&^%]?=\s*\S.*;$",
    r"(?:const|constexpr|static|auto|int|bool|float|double|char|unsigned|std::[\w:<>, ]+)\s[\w\s*&<>:,]*\w+;$",
    r"\}?\s*(?:if|for|while|switch|else if)\s*\(.*\)\s*\{?$|\}?\s*else\s*\{?$",
    r"\}\s*[;)]*$|\{$",
    r"[^`]*\)\s*(?:const|noexcept|override)?\s*\{$",
)]


def check_dead_cpp(path, text):
    for start, comment in split_cpp(text)[1]:
        for offset, line in enumerate(comment.splitlines()):
            line = re.sub(r"^\s*(?:///?<?|/\*+|\*(?!/))?\s?|\*/\s*$", "", line).strip()
            if any(pattern.match(line) for pattern in CODE_LINES):
                yield start + offset, f"commented-out code: {line[:60]}"


def check_dead_python(path, text):
    dead = (ast.Assign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.Delete, ast.Assert, ast.Raise)
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*#(?!!)\s*(.*\S)", line)
        if not match:
            continue
        try:
            body = ast.parse(match[1]).body
        except (SyntaxError, ValueError):
            continue
        if body and (isinstance(body[0], dead) or isinstance(getattr(body[0], "value", None), ast.Call)):
            yield number, f"commented-out code: {match[1][:60]}"


def check_banned(path, text):
    rules = BANNED_IN_SRC + (BANNED_IN_PURE if path.startswith(PURE) else [])
    if path.endswith("_test.cpp"):
        rules = []
    for number, line in enumerate(split_cpp(text)[0].splitlines(), 1):
        for pattern, message in rules:
            if pattern.search(line):
                yield number, message


def anchors(text):
    """What headings are called in links, as GitHub and most others name them."""
    text = re.sub(r"(?ms)^\s*(```|~~~).*?^\s*\1", "", text)
    words = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head) for head in re.findall(r"(?m)^#+ (.*)$", text))
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in words}


def check_links(path, text, root):
    index = root / "docs/README.md"
    if re.match(r"docs/decisions/\d", path) and path[len("docs/"):] not in index.read_text(encoding="utf-8"):
        yield 1, "the index, docs/README.md, does not name this decision"
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*(?:```|~~~)", line):
            fenced = not fenced
        if fenced:
            continue
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            file, _, anchor = target.partition("#")
            page = (root / path).parent.joinpath(file) if file else root / path
            if file and not page.exists():
                yield number, f"link to {target}, which is not there"
            elif anchor and page.suffix == ".md":
                if anchor not in anchors(page.read_text(encoding="utf-8") if file else text):
                    yield number, f"link to {target}: the page has no such heading"


def check_pages(path, text, root):
    for number, line in enumerate(text.splitlines(), 1):
        for page in PAGE.findall(line):
            if not (root / page).exists():
                yield number, f"names {page}, which is not there"


def check(path, text, root):
    """All findings of one file."""
    suffix = pathlib.PurePosixPath(path).suffix
    if not suffix and "python" in text.partition("\n")[0]:
        suffix = ".py"
    if suffix == ".md":
        return list(check_links(path, text, root))
    rules = [check_size, check_words]
    if suffix in CPP:
        rules += [check_ascii, check_cpp_functions, check_arrows, check_dead_cpp]
        if suffix != ".cpp":
            rules.append(check_header)
        if path.startswith("src/"):
            rules.append(check_banned)
    if suffix == ".py":
        rules += [check_python_functions, check_dead_python]
    found = [finding for rule in rules for finding in rule(path, text)]
    if path != "tools/tidy_cases.py":
        found += check_pages(path, text, root)
    return found


# --- the tree ------------------------------------------------------------------------------------------------------


def is_program(entry):
    """A script without an ending: tests/service/prove, tools/lab/capture."""
    if entry.suffix:
        return False
    with open(entry, "rb") as file:
        return file.read(2) == b"#!"


def files(root):
    for entry in sorted(root.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if entry.name not in SKIPPED_FOLDERS and (entry.name == ".ci" or not entry.name.startswith(".")):
                yield from files(entry)
        elif entry.suffix in CPP | SCRIPTS | WEB | {".md"} or entry.name in NAMED or is_program(entry):
            yield entry


def check_tree(root):
    count, found = 0, 0
    for file in files(root):
        count += 1
        path = file.relative_to(root).as_posix()
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            findings = [(1, f"not UTF-8: {error}")]
        else:
            findings = sorted(check(path, text, root))
        for line, message in findings:
            found += 1
            print(f"{path}:{line}: {message}")
    print(f"tidy: {count} files, {found} findings", file=sys.stderr)
    return 1 if found or not count else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--self-test", action="store_true", help="prove that each rule finds what it should")
    arguments = parser.parse_args()
    if arguments.self_test:
        import tidy_cases
        return tidy_cases.run(check)
    return check_tree(arguments.root.resolve())


if __name__ == "__main__":
    sys.exit(main())
