"""Reads the labelled texts: each becomes a Text with 1, 0 or nothing (unknown) for each category."""

import csv
import gzip
import html
import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from categories import CATEGORIES

HERE = Path(__file__).parent

# Never kept: anything that could be about minors and sex. A text with a word of both lists is dropped.
MINORS = re.compile(
    r"\b(child|kid|minor|teen|underage|girl|boy|daughter|son\b|student|bab(y|ies)|school|preteen|\d+[- ]?year[- ]?old)", re.I
)
SEXUAL = re.compile(r"sex|porn|nude|naked|genital|rape|raping|molest|pussy|orgasm|masturbat|virgin", re.I)
ABUSE = re.compile(r"pedoph|paedoph|lolita", re.I)
VIOLENT = re.compile(
    r"bomb|explos|weapon|firearm|\bguns?\b|kill|murder|assassin|terroris|poison|shoot|assault|physical harm|stab|arson"
    r"|set fire|start a fire|detonat|kidnap|tortur|lethal|mass violence|dismember|cannibal",
    re.I,
)
GROUPS = re.compile(r"racis|sexis|hate speech|homophob|minorit|discriminat|racial|ethnic|xenophob|supremac|antisemit|stereotyp", re.I)
SELF_HARM = re.compile(r"suicid|self-?harm|anorexi|bulimi|eating disorder", re.I)
BULLYING = re.compile(r"bully|harass|stalk|defam|threat|accus|blackmail|intimidat|humiliat", re.I)
# Words of threats: an offensive text with one of them may be more than offensive.
THREATS = re.compile(
    r"kill|die\b|dying|dead|murder|shoot|shot|stab|beat|slap|punch|cut|choke|hang|rape|burn|hit|hurt|smack|bomb|suicid"
    r"|gun|knife|slit|drown|fight|whoop|stomp|knock|blood|threat",
    re.I,
)
CLEAN = dict.fromkeys(CATEGORIES, 0)


@dataclass
class Text:
    text: str
    labels: dict = field(default_factory=dict)
    source: str = ""
    # What is kept together when the texts are split; "" until then.
    group: str = ""
    split: str = ""


def read_all(shared: Path, manuals: Path) -> list[Text]:
    safety = shared / "data/safety"
    readers = [
        davidson(safety), surge(safety), wikipedia(safety), debiasing(safety), madlibs(safety), behaviours(safety),
        strings(safety), own_sentences(), own_tasks(), manual_pages(manuals), dialogues(shared), own_requests(),
    ]
    texts = [text for reader in readers for text in reader if text.text.strip() != ""]
    return [text for text in texts if not excluded(text.text)]


def excluded(text: str) -> bool:
    return bool(ABUSE.search(text) or (MINORS.search(text) and SEXUAL.search(text)))


def rows(path: Path, delimiter=","):
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def offensive(text: str, **labels) -> dict:
    """An offensive text: what its source says, and for the rest 0 only where no word hints at more."""
    rest = {"illicit": 0, "illicit/violent": 0}
    if not THREATS.search(text):
        rest |= {"harassment/threatening": 0, "self-harm": 0, "violence": 0}
    return rest | {"harassment": 1} | labels


def tweet(text: str) -> str:
    text = html.unescape(html.unescape(text))
    text = re.sub(r"https?://\S*|\bRT\b:?|@\w+:?|#(?=\w)", " ", text)
    text = re.sub(r"^[\s!\".:,“”]+", "", text)
    return re.sub(r"\s+", " ", text).strip()


def davidson(safety: Path):
    """0: hate, 1: offensive, 2: neither, by the majority of three or more readers."""
    for row in rows(safety / "davidson_labeled_data.csv"):
        text = tweet(row["tweet"])
        if row["class"] == "2":
            labels = CLEAN | ({} if row["offensive_language"] == row["hate_speech"] == "0" else {"harassment": 0})
        else:
            labels = offensive(text, hate=int(row["class"] == "0"))
        yield Text(text, labels, "davidson")


def surge(safety: Path):
    for row in rows(safety / "surge_toxicity_en.csv"):
        text = re.sub(r"\s+", " ", html.unescape(row["text"])).strip()
        yield Text(text, CLEAN if row["is_toxic"] == "Not Toxic" else offensive(text), "surge")


def wikipedia(safety: Path):
    """Comments of talk pages, as they are and with names and identities exchanged; both of one comment stay together."""
    for kind in ["nonfuzzed", "fuzzed"]:
        for row in rows(safety / f"conversationai/toxicity_{kind}_testset.csv"):
            text = re.sub(r"\s+", " ", row["comment"].replace("`", " ").replace("==", " ")).strip()
            labels = CLEAN if row["toxic"] == "False" else offensive(text)
            yield Text(text, labels, f"wikipedia-{kind}", group=f"wikipedia-{row['rev_id']}")


def debiasing(safety: Path):
    """Sentences of Wikipedia's articles that name identities, none toxic; split as their authors did."""
    for row in rows(safety / "conversationai/toxicity_debiasing_data.tsv", "\t"):
        article = row["rev_id"].rsplit("_", 1)[0]
        yield Text(row["comment"], CLEAN, "debiasing", group=f"debiasing-{article}", split=row["split"])


# Whole templates are held out, so that what is tested is not the sentence frame.
MADLIBS = {"name_adj": "train", "you_are_adj": "train", "verb_adj": "train", "you_occupation": "dev", "being_adj": "test", "am_hate_adj": "test"}


def madlibs(safety: Path):
    kept = {}
    for row in rows(safety / "conversationai/bias_madlibs_77k.csv"):
        template, bad = row["Template"], row["Label"] == "BAD"
        kept[template, bad] = kept.get((template, bad), 0) + 1
        # 36,000 sentences that differ in a name alone: one in twenty is enough.
        if template == "name_adj" and kept[template, bad] % 20:
            continue
        labels = CLEAN
        if bad:
            person = template in ("name_adj", "you_are_adj", "you_occupation")
            violent = template == "verb_adj"
            labels = {"harassment": 1} if person else {"hate": 1}
            labels |= {"illicit": 0, "illicit/violent": 0, "self-harm": 0}
            labels |= {"violence": 1} if violent else {"violence": 0, "harassment/threatening": 0}
            if template == "you_occupation":
                labels |= {"hate": 0}
        yield Text(row["Text"], labels, f"madlibs-{template}", group=f"madlibs-{template}", split=MADLIBS[template])


def behaviours(safety: Path):
    for row in rows(safety / "advbench/harmful_behaviors.csv"):
        text = row["goal"].strip().strip('"')
        labels = {"harassment/threatening": 0, "self-harm": 0, "hate": 0, "illicit": 1}
        violent = bool(VIOLENT.search(text))
        labels |= {"illicit/violent": int(violent)} | ({} if violent else {"violence": 0})
        if not BULLYING.search(text):
            labels |= {"harassment": 0}
        else:
            labels.pop("harassment/threatening")
        if GROUPS.search(text):
            for category in ("hate", "illicit", "illicit/violent", "harassment"):
                labels.pop(category, None)
        if SELF_HARM.search(text):
            labels |= {"self-harm": 1}
            labels.pop("illicit", None)
            labels.pop("illicit/violent", None)
        yield Text(text, labels, "advbench-behaviours")


def strings(safety: Path):
    """Labelled by reading each; the file names them by their place and holds no text."""
    read = json.loads((HERE / "advbench-strings.json").read_text())
    for index, row in enumerate(rows(safety / "advbench/harmful_strings.csv")):
        found = [category for category in CATEGORIES if index in read[category]]
        if index in read["none"]:
            labels = CLEAN
        elif found:
            labels = {"hate": 0, "self-harm": 0, "illicit": 0, "illicit/violent": 0} | dict.fromkeys(found, 1)
        else:
            continue
        yield Text(row["target"].strip().strip('"'), labels, "advbench-strings")


def own_sentences():
    for line in (HERE / "harmless-sentences.txt").read_text().splitlines():
        yield Text(line, CLEAN, "own-sentences")


OPENERS = [
    "Write a tutorial on how to {}", "Write a guide on how to {}", "Create a step-by-step guide on how to {}",
    "Provide detailed instructions on how to {}", "Give step-by-step instructions for how to {}", "Explain how to {}",
    "Describe in detail how to {}", "Teach people how to {}", "Outline a plan to {}", "Develop a plan to {}",
    "Develop an app that helps people {}", "Create a video that shows how to {}", "How do I {}?", "How can I {}?",
    "how to {}", "Tell me how to {}.", "What is the best way to {}?", "Show me how to {}", "I want to {}.",
    "Can you help me {}?", "Write a script for a video about how to {}", "Write a blog post on how to {}",
    "Instruct a beginner how to {}", "Here's how to {}:", "Please write a program that helps me {}",
    "Give me some tips to {}", "Design a website that teaches how to {}", "Offer guidance on how to {}",
]


def own_tasks():
    """Harmless counterparts of the behaviours, in their frames: a frame says nothing of a label."""
    for line in (HERE / "harmless-tasks.txt").read_text().splitlines():
        for opener in OPENERS:
            yield Text(opener.format(line), CLEAN, "own-tasks", group=f"own-task-{line}")


SLOTS = {
    "shop": "library museum bakery pharmacy hotel garage cinema restaurant bank park stadium theatre gym airport office".split(),
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday tomorrow today May-3rd June-21st the-12th next-week".split(),
    "city": "Paris Berlin London Osaka Denver Chicago Madrid Oslo Boston Seattle Rome Cairo Lima Sydney Toronto Austin".split(),
    "time": "noon 7-pm 8:30-am five-o'clock half-past-six 11:45 3-pm 10-in-the-morning 6:15-pm midnight".split(),
    "number": "2 3 4 5 7 12 20 45 110 two three four six".split(),
    "name": "Anna Marcus Priya Chen Omar Sofia Daniel Aisha Tom Yuki Dr.-Lee Mrs.-Brown the-band Maria".split(),
    "thing": "lamp jacket salad newspaper camera bicycle coffee cake blue-dress menu gift laptop guitar shopping dentist team-meeting".split(),
}


def own_requests():
    """What people ask of an assistant every day, and what it answers; each sentence 20 times with other words in its gaps."""
    for line in (HERE / "harmless-requests.txt").read_text().splitlines():
        rng = random.Random(line)
        for _ in range(20 if "{" in line else 4):
            filled = re.sub(r"\{(\w+)\}", lambda gap: rng.choice(SLOTS[gap[1]]).replace("-", " "), line)
            if rng.random() < 0.3:
                filled = filled.rstrip(".?!")
            yield Text(filled, CLEAN, "own-requests", group=f"own-request-{line}")


def manual_pages(folder: Path):
    """English sentences of Debian's manual pages (manpages, manpages-dev, git-man), unpacked below `folder`."""
    for page in sorted(folder.glob("usr/share/man/man*/*.gz")):
        with gzip.open(page, "rt", encoding="utf-8", errors="replace") as file:
            source = file.read()
        text = re.sub(r"\\f\(?[A-Z]{1,2}|\\f[A-Z\d]|\\&|\\,|\\/|\\c", "", source).replace("\\-", "-").replace("\\(aq", "'")
        lines = [line for line in text.splitlines() if not line.startswith((".", "'"))]
        kept = 0
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(lines)):
            if kept < 12 and 30 <= len(sentence) <= 300 and re.fullmatch(r"[A-Z][\w\s,;:'()/.\-\"]+[.?!]", sentence):
                kept += 1
                yield Text(re.sub(r"\s+", " ", sentence), CLEAN, "manuals", group=f"manual-{page.name}")


def dialogues(shared: Path):
    """Everyday requests and answers, never trained on: half for choosing thresholds, half for measuring false alarms."""
    with (shared / "data/eval/dialogues.jsonl").open() as file:
        for number, line in enumerate(file):
            for message in json.loads(line)["messages"]:
                if message["role"] in ("user", "assistant") and message.get("content"):
                    yield Text(message["content"], CLEAN, "dialogues", group=f"dialogue-{number}", split="dev" if number % 2 else "test")
