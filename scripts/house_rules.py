"""Rules of the house that no other tool knows. Prints one line for each breach; silent when there is none."""

import re
import subprocess
import sys

# Modules that decide: an event and the time go in, so that the simulator owns both.
PURE = ("wire", "model", "store", "cluster", "exec", "admin", "config", "info")
CODE = (".cc", ".h", ".c", ".def")
TEXT = CODE + (".py", ".sh", ".cmake", ".txt", ".md", ".go", ".java", ".js", ".rs", ".json", ".yml", ".yaml")
LINES_MAX = 700

PURE_RULES = [
    (r"(steady|system|high_resolution)_clock::now|\bstd::random_device\b|\bgettimeofday\(|\bclock_gettime\(",
     "reads a clock or a random device; time and seeds are given to this module"),
    (r"\bstd::(thread|jthread|this_thread)\b|\b(socket|epoll_\w+)\(|[^:\w]::accept4?\(", "threads and sockets belong to the edge"),
]
CODE_RULES = [
    (r"\busing namespace std;", "names the whole of std"),
    (r"\bstd::(uniform_\w+|normal|bernoulli|poisson)_distribution\b", "differs between libraries; use base/random.h"),
    (r"#include\s+<iostream>", "iostream; use fmt or base/log.h"),  # Not in src/tools: they read standard input.
]
TEXT_RULES = [
    (r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", "unfinished work; finish it or write an issue"),
    (r"(?<![\w.])/(home|work|Users)/\w\w", "a path of one machine"),
    (r"[ \t]+$", "blanks at the end of the line"),
]


def tracked():
    out = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    return [path for path in out.split("\0") if path]


def rules_for(path):
    module = re.match(r"src/(\w+)/", path)
    rules = list(TEXT_RULES)
    if path.endswith(CODE):
        rules += [rule for rule in CODE_RULES if "iostream" not in rule[0] or (module and module[1] != "tools")]
        if module and module[1] in PURE:
            rules += PURE_RULES
    return [(re.compile(pattern), why) for pattern, why in rules]


def breaches(path):
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
    except (UnicodeDecodeError, FileNotFoundError):
        return
    if path.endswith(".h") and "#pragma once" not in lines:
        yield f"{path}:1: there is no #pragma once"
    if path.endswith(CODE) and len(lines) > LINES_MAX:
        yield f"{path}:1: {len(lines)} lines; does it hold two things?"
    rules = rules_for(path)
    for number, line in enumerate(lines, 1):
        for pattern, why in rules:
            if pattern.search(line):
                yield f"{path}:{number}: {why}"


def main():
    found = [line for path in tracked() if path.endswith(TEXT) and "/corpus/" not in path for line in breaches(path)]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))


main()
