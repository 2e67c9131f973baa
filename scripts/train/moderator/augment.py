"""Writes a text as those do who want to slip through, and puts it among other texts, as a window of a long answer does."""

import random

LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "$5", "t": "7"}


def disguise(text: str, rng: random.Random) -> str:
    way = rng.randrange(6)
    words = text.split(" ")
    if way == 0:
        return text.upper()
    if way == 1:
        return "".join(c.upper() if rng.random() < 0.5 else c for c in text)
    if way == 2:
        return "".join(rng.choice(LEET[c.lower()]) if c.lower() in LEET and rng.random() < 0.4 else c for c in text)
    for _ in range(max(1, len(words) // 5)):
        at = rng.randrange(len(words))
        word = words[at]
        if len(word) < 3:
            continue
        if way == 3:
            words[at] = rng.choice([" ", ".", "-", "*", "_"]).join(word)
        elif way == 4:
            k = rng.randrange(len(word))
            words[at] = word[:k] + word[k] * rng.randint(2, 5) + word[k + 1 :]
        else:
            k = rng.randrange(1, len(word) - 1)
            words[at] = rng.choice([word[:k] + word[k + 1 :], word[:k] + "*" + word[k + 1 :], word[:k] + word[k + 1] + word[k] + word[k + 2 :]])
    return " ".join(words)


def surround(text: str, labels: list, others: list, rng: random.Random) -> tuple[str, list]:
    """`labels`: 1, 0 or -1 (unknown). A category is in the whole where it is in a part, and unknown where a part is."""
    around = [rng.choice(others) for _ in range(rng.randint(1, 2))]
    parts = [(text, labels), *((other[:120], known) for other, known in around)]
    rng.shuffle(parts)
    joined = [1 if 1 in column else -1 if -1 in column else 0 for column in zip(*(part[1] for part in parts))]
    return rng.choice([" ", " ", ". ", "\n"]).join(part[0] for part in parts), joined
