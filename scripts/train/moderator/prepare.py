"""Reads, groups and splits the labelled texts, and writes one JSONL file. Usage: prepare.py SHARED MANUALS OUT"""

import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from categories import CATEGORIES
from texts import Text, read_all

STOP = set("a an the to of and or in on for that how with is are be it you your i my me this can do will write create develop provide give detailed guide instructions tutorial step steps by s describe explain teach people someone make using use".split())


def main(shared: str, manuals: str, out: str) -> None:
    texts = unique(read_all(Path(shared), Path(manuals)))
    join_near_duplicates(texts)
    assign_splits(texts)
    with open(out, "w", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps({"text": text.text, "labels": text.labels, "source": text.source, "split": text.split}) + "\n")
    report(texts)


def normal(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def fingerprint(text: str) -> str:
    return hashlib.sha256(normal(text).encode()).hexdigest()[:8]


def unique(texts: list[Text]) -> list[Text]:
    """The first of equal texts. The two forms of a Wikipedia comment differ; where they do not, one is enough."""
    seen = set()
    return [text for text in texts if (key := normal(text.text)) not in seen and not seen.add(key)]


def join_near_duplicates(texts: list[Text]) -> None:
    """
    One group: texts that share half of the four-word sequences of the shorter one; and of AdvBench, where nearly all are
    linked by some chain of likes, those that share half of the content words with the first text of the group.
    """
    parent = list(range(len(texts)))

    def find(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def unite(i, j):
        one, other = sorted((find(i), find(j)))
        parent[other] = one

    def join(chosen, marks, near, chain=True):
        holders, sets = defaultdict(list), {}
        for i, text in enumerate(texts):
            if not chosen(text):
                continue
            own = sets[i] = sorted(marks(text.text))
            shared = Counter(j for mark in own if len(holders[mark]) < 100 for j in holders[mark])
            for j, count in shared.most_common():
                if near(count, len(own), len(sets[j])):
                    unite(i, j)
                    if not chain:
                        break
            if chain or find(i) == i:
                for mark in own:
                    holders[mark].append(i)

    apart = ("madlibs", "own-tasks", "own-requests", "manuals", "dialogues", "advbench")
    join(lambda t: not t.source.startswith(apart), shingles, lambda n, a, b: n >= max(2, 0.5 * min(a, b)))
    join(lambda t: t.source.startswith("advbench"), content, lambda n, a, b: n >= 0.5 * (a + b - n), chain=False)
    first = {}
    for i, text in enumerate(texts):
        if text.group:
            unite(i, first.setdefault(text.group, i))
    for i, text in enumerate(texts):
        text.group = str(find(i))


def shingles(text: str) -> set:
    words = normal(text).split()
    return {tuple(words[k : k + 4]) for k in range(max(1, len(words) - 3))}


def content(text: str) -> set:
    return {word[:6] for word in normal(text).split() if word not in STOP}


# Hundredths of the groups for test; of the small sources more, so that what is measured on them means something.
TEST_SHARE = {"advbench-behaviours": 35, "advbench-strings": 35, "surge": 30, "wikipedia-fuzzed": 30, "wikipedia-nonfuzzed": 30}
DEV_SHARE = 7


def assign_splits(texts: list[Text]) -> None:
    """By group. A group with a given split has that; test wins over dev, dev over train."""
    # Those that the shipped model was tested on stay what they are, by the hash of their words.
    held_out = set((Path(__file__).parent / "held-out.txt").read_text().split())
    given, test_share = {}, {}
    for text in texts:
        if fingerprint(text.text) in held_out:
            text.split = "test"
        if text.split:
            given[text.group] = max(given.get(text.group, "train"), text.split, key=["train", "dev", "test"].index)
        test_share[text.group] = max(test_share.get(text.group, 0), TEST_SHARE.get(text.source, 15))
    for text in texts:
        place = int(hashlib.sha256(text.group.encode()).hexdigest(), 16) % 100
        drawn = "test" if place < test_share[text.group] else "dev" if place >= 100 - DEV_SHARE else "train"
        text.split = given.get(text.group) or drawn


def report(texts: list[Text]) -> None:
    for source in sorted({text.source for text in texts}):
        counts = Counter(text.split for text in texts if text.source == source)
        print(f"{source:22}", *(f"{split} {counts[split]:6}" for split in ("train", "dev", "test")))
    for category in CATEGORIES:
        counts = Counter((text.split, text.labels.get(category)) for text in texts)
        print(f"{category:22}", *(f"{split} {counts[split, 1]:6} of {counts[split, 1] + counts[split, 0]:6}" for split in ("train", "dev", "test")))


if __name__ == "__main__":
    main(*sys.argv[1:])
