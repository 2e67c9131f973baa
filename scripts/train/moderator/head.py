"""
Trains the last two layers anew, on what the first ones make of the texts: seconds, where new texts are to count.

Usage: head.py TEXTS CHECKPOINT OUT: reads and writes folders in Hugging Face's format.
"""

import json
import random
import shutil
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

from train import PAD, Training

TEXTS, EPOCHS, RATE = 20_000, 12, 1e-3


def main(texts: str, checkpoint: str, out: str) -> None:
    torch.set_num_threads(1)
    model = BertForSequenceClassification.from_pretrained(checkpoint).eval()
    tokenizer = Tokenizer.from_file(f"{checkpoint}/tokenizer.json")
    train = [text for line in open(texts, encoding="utf-8") if (text := json.loads(line))["split"] == "train"]
    training = Training(tokenizer, train, model.bert.embeddings.word_embeddings.weight.data)
    training.model = model
    rng = random.Random(3)
    drawn = [training.vary(*text, rng) for text in rng.choices(training.texts, training.weights, k=TEXTS)]
    states, labels = read(model, tokenizer, drawn)
    fit(model, states, labels, training.positive_weight)
    model.save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(Path(checkpoint) / name, Path(out) / name)


def read(model: BertForSequenceClassification, tokenizer: Tokenizer, drawn: list) -> tuple[torch.Tensor, torch.Tensor]:
    """The last state of the first token of each text, and its labels, by length."""
    encoded = sorted(
        ((encoding.ids, labels) for encoding, (_, labels) in zip(tokenizer.encode_batch([text for text, _ in drawn]), drawn)),
        key=lambda one: len(one[0]),
    )
    states = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(encoded), 64):
            some = encoded[at : at + 64]
            longest = len(some[-1][0])
            ids = torch.tensor([row + [PAD] * (longest - len(row)) for row, _ in some])
            states.append(model.bert(ids, attention_mask=(ids != PAD).long()).last_hidden_state[:, 0].float())
    return torch.cat(states), torch.tensor([labels for _, labels in encoded]).float()


def fit(model: BertForSequenceClassification, states: torch.Tensor, labels: torch.Tensor, positive_weight: torch.Tensor) -> None:
    head = [*model.bert.pooler.parameters(), *model.classifier.parameters()]
    optimizer = torch.optim.AdamW(head, lr=RATE, weight_decay=0.01)
    torch.manual_seed(4)
    steps = EPOCHS * len(states) // 256
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        chosen = torch.randint(len(states), (256,))
        known = labels[chosen] >= 0
        dropped = torch.nn.functional.dropout(states[chosen], 0.1)
        pooled = torch.nn.functional.dropout(model.bert.pooler(dropped[:, None]), 0.15)
        targets = labels[chosen].clamp(0, 1) * 0.97 + 0.015
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            model.classifier(pooled), targets, pos_weight=positive_weight, reduction="none"
        )
        loss = (losses * known).sum() / known.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"loss {float(loss.detach()):.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
