"""
Trains the classifier from nothing, in pieces: a tokenizer, vectors of its tokens, then the labels.

Usage: train.py TEXTS WORK [--seconds 280]: goes on where the last call stopped, for so many seconds.
WORK/model is the checkpoint for `octavo build` when it says "done".
"""

import argparse
import json
import math
import random
import shutil
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification

from augment import disguise, surround
from categories import CATEGORIES

VOCABULARY, LONGEST = 8192, 128
CLS, SEP, PAD = 0, 1, 2
STEPS, BATCH_TEXTS, POOL, PEAK_RATE = 2400, 48, 16, 7e-4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("texts")
    parser.add_argument("work")
    parser.add_argument("--seconds", type=float, default=280)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    texts = [json.loads(line) for line in open(args.texts, encoding="utf-8")]
    train = [text for text in texts if text["split"] == "train"]
    tokenizer = make_tokenizer(train, work / "tokenizer.json")
    deadline = time.monotonic() + args.seconds
    vectors = work / "meanings.pt"
    if not vectors.exists():
        torch.save(meanings(tokenizer, train, config().hidden_size), vectors)
    training = Training(tokenizer, train, torch.load(vectors))
    if run(training, work / "training.pt", deadline):
        save(work, training.model)
        print("done")


def make_tokenizer(train: list, file: Path) -> Tokenizer:
    """Byte-level BPE: no character is unknown. Width, case and accents are folded."""
    if not file.exists():
        tokenizer = Tokenizer(models.BPE(dropout=None))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY, min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=["[CLS]", "[SEP]", "[PAD]"],
        )
        tokenizer.train_from_iterator((text["text"] for text in train), trainer)
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)]
        )
        tokenizer.save(str(file))
    return Tokenizer.from_file(str(file))


def config(**kind) -> BertConfig:
    return BertConfig(
        vocab_size=VOCABULARY, hidden_size=192, num_hidden_layers=2, num_attention_heads=3, intermediate_size=768,
        max_position_embeddings=LONGEST, type_vocab_size=1, pad_token_id=PAD, **kind,
    )


def meanings(tokenizer: Tokenizer, train: list, width: int) -> torch.Tensor:
    """
    A vector for each token from the tokens around it: positive pointwise mutual information within five tokens, by its
    largest singular values (Levy and Goldberg, 2014). So rare words begin near those that are used alike.
    """
    size, rows, columns = VOCABULARY, [], []
    for encoding in tokenizer.encode_batch([text["text"] for text in train]):
        ids = torch.tensor(encoding.ids)
        for distance in range(1, 6):
            rows.append(ids[:-distance])
            columns.append(ids[distance:])
    one, other = torch.cat(rows), torch.cat(columns)
    pairs = torch.stack([torch.cat([one, other]), torch.cat([other, one])])
    counts = torch.sparse_coo_tensor(pairs, torch.ones(pairs.shape[1]), (size, size)).coalesce()
    total = counts.values().sum()
    # Seldom contexts count less: to the power of 0.75.
    context = torch.zeros(size).index_add(0, counts.indices()[1], counts.values())
    weighed = context**0.75 / (context**0.75).sum()
    share = torch.zeros(size).index_add(0, counts.indices()[0], counts.values()) / total
    information = (counts.values() / total / share[counts.indices()[0]] / weighed[counts.indices()[1]]).log().clamp(min=0)
    torch.manual_seed(1)
    u, s, _ = torch.svd_lowrank(torch.sparse_coo_tensor(counts.indices(), information, (size, size)), q=width, niter=2)
    vectors = u * s.sqrt()
    return vectors / vectors.std() * 0.05


# How often a source is drawn for each of its texts: the small and clean ones more than the many tweets.
WEIGHTS = {
    "davidson": 1.0, "surge": 6.0, "wikipedia-nonfuzzed": 4.0, "wikipedia-fuzzed": 4.0, "debiasing": 1.5, "madlibs-name_adj": 0.4,
    "madlibs-you_are_adj": 0.4, "madlibs-verb_adj": 1.0, "advbench-behaviours": 8.0, "advbench-strings": 8.0, "own-sentences": 10.0,
    "own-tasks": 1.0, "own-requests": 3.0, "manuals": 0.5,
}


class Training:
    """Each category by itself; what is not known of a text adds nothing to the loss."""

    def __init__(self, tokenizer: Tokenizer, train: list, vectors: torch.Tensor):
        torch.manual_seed(2)
        self.model = BertForSequenceClassification(config(
            num_labels=len(CATEGORIES), problem_type="multi_label_classification", hidden_dropout_prob=0.15,
            id2label=dict(enumerate(CATEGORIES)), label2id={name: at for at, name in enumerate(CATEGORIES)},
        ))
        self.model.bert.embeddings.word_embeddings.weight.data.copy_(vectors)
        self.pool, self.batches = -1, []
        self.tokenizer = tokenizer
        self.dropping = Tokenizer.from_str(tokenizer.to_str())
        self.dropping.model.dropout = 0.1
        for one in (self.tokenizer, self.dropping):
            one.enable_truncation(LONGEST)
        self.texts = [(text["text"], [text["labels"].get(category, -1) for category in CATEGORIES]) for text in train]
        self.weights = [WEIGHTS[text["source"]] for text in train]
        self.clean = [text for text in self.texts if not any(text[1])]
        # A rare category counts more, within bounds.
        labels = torch.tensor([labels for _, labels in self.texts]).float()
        drawn = torch.tensor(self.weights)[:, None]
        positive, negative = ((labels == 1) * drawn).sum(0), ((labels == 0) * drawn).sum(0)
        self.positive_weight = (negative / positive).sqrt().clamp(1, 6)

    def loss(self, step: int) -> torch.Tensor:
        drawn = self.batch(step)
        longest = max(len(ids) for ids, _ in drawn)
        inputs = torch.tensor([ids + [PAD] * (longest - len(ids)) for ids, _ in drawn])
        labels = torch.tensor([labels for _, labels in drawn]).float()
        logits = self.model(inputs, attention_mask=(inputs != PAD).long()).logits.float()
        targets = labels.clamp(0, 1) * 0.97 + 0.015
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets, pos_weight=self.positive_weight, reduction="none"
        )
        known = labels >= 0
        return (losses * known).sum() / known.sum()

    def batch(self, step: int) -> list:
        """Texts of one length or nearly: several batches are drawn at once and cut by length."""
        pool, place = divmod(step, POOL)
        if pool != self.pool:
            rng = random.Random(pool)
            drawn = [self.vary(*text, rng) for text in rng.choices(self.texts, self.weights, k=POOL * BATCH_TEXTS)]
            tokenizer = self.dropping if rng.random() < 0.5 else self.tokenizer
            encodings = tokenizer.encode_batch([text for text, _ in drawn])
            read = sorted(((encoding.ids, labels) for encoding, (_, labels) in zip(encodings, drawn)), key=lambda one: len(one[0]))
            self.batches = [read[at : at + BATCH_TEXTS] for at in range(0, len(read), BATCH_TEXTS)]
            rng.shuffle(self.batches)
            self.pool = pool
        return self.batches[place]

    def vary(self, text: str, labels: list, rng: random.Random) -> tuple[str, list]:
        if rng.random() < 0.15:
            text = disguise(text, rng)
        if len(text) < 250 and rng.random() < 0.25:
            text, labels = surround(text, labels, self.clean, rng)
        return text, labels


def run(training: Training, file: Path, deadline: float) -> bool:
    """True when it is complete. Steps depend on their number alone, so stopping changes nothing."""
    model = training.model
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], betas=(0.9, 0.98)
    )
    step = 0
    if file.exists():
        state = torch.load(file)
        model.load_state_dict(state["model"])
        step = state["step"]
        if step < STEPS:
            optimizer.load_state_dict(state["optimizer"])
    model.train()
    started, total, count = time.monotonic(), 0.0, 0
    while step < STEPS and time.monotonic() < deadline:
        progress = step / STEPS
        rate = PEAK_RATE * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * progress))
        for group in optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(step)
        with torch.autocast("cpu", torch.bfloat16):
            loss = training.loss(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        total, count = total + float(loss.detach()), count + 1
        if step % 50 == 0:
            print(f"{step}/{STEPS} loss {total / count:.4f}, {time.monotonic() - started:.0f} s", flush=True)
            total, count = 0.0, 0
    if step > 0:
        state = {"model": model.state_dict(), "step": step}
        if step < STEPS:
            state["optimizer"] = optimizer.state_dict()
        torch.save(state, file.with_suffix(".new"))
        shutil.move(file.with_suffix(".new"), file)
    return step >= STEPS


def save(work: Path, model: BertForSequenceClassification) -> None:
    folder = work / "model"
    model.eval()
    model.save_pretrained(folder)
    shutil.copy(work / "tokenizer.json", folder / "tokenizer.json")
    special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST, **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


if __name__ == "__main__":
    main()
