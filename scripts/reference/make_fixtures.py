"""Makes the fixtures of test/fixtures/families: tiny random checkpoints with logits that transformers computes for them.

    python scripts/reference/make_fixtures.py [name ...]

Needs torch 2.15.0, transformers 5.23.0 and safetensors 0.8.0; no network. Without names it makes all that
families.py lists. For each it writes what a checkpoint has (config.json, model.safetensors, the byte-level tokenizer of
test/fixtures/tokenizer) and reference.json:

    prompts: ids; logits of a middle and of the last position; the next 12 greedy ids and the smallest gap between the
             largest two logits on the way
    batch:   the prompts right-padded together: logits of each one's last token

The reference is computed in float64 from the weights as stored.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers

from families import FAMILIES, PROMPT_LENGTHS
from random_weights import randomise

ROOT = Path(__file__).resolve().parents[2] / "test/fixtures"
GREEDY = 12
# A smaller gap between two logits would let rounding choose the token.
SMALLEST_GAP = 5e-3


def main(names):
    for name in names or FAMILIES:
        for seed in range(1, 100):
            reference = make(name, seed)
            if min(prompt["smallest_gap"] for prompt in reference["prompts"]) >= SMALLEST_GAP:
                break
        (ROOT / "families" / name / "reference.json").write_text(json.dumps(reference) + "\n")
        print(name, "seed", seed)


def make(name, seed):
    family = FAMILIES[name]
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(family["config"], attn_implementation="eager")
    randomise(model)
    folder = ROOT / "families" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(family["dtype"]).save_pretrained(folder)
    shutil.copytree(ROOT / "tokenizer", folder, dirs_exist_ok=True)
    stored = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager"
    ).eval()
    return {"transformers": transformers.__version__, "torch": torch.__version__, "seed": seed} | compute(stored)


@torch.no_grad()
def compute(model):
    prompts = [torch.randint(model.config.vocab_size, (length,)).tolist() for length in PROMPT_LENGTHS]
    longest = max(PROMPT_LENGTHS)
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in prompts])
    # No mask is needed: no token sees the padding on its right. With one, a sliding window over padding alone gives NaN.
    together = model(input_ids=padded).logits
    return {
        "prompts": [prompt_reference(model, ids) for ids in prompts],
        "batch": [rounded(row[len(ids) - 1]) for row, ids in zip(together, prompts)],
    }


def prompt_reference(model, prompt):
    logits = model(input_ids=torch.tensor([prompt])).logits[0]
    positions = sorted({len(prompt) // 2, len(prompt) - 1})
    ids, gap = list(prompt), float("inf")
    for _ in range(GREEDY):
        first, second = model(input_ids=torch.tensor([ids])).logits[0, -1].topk(2).values.tolist()
        gap = min(gap, first - second)
        ids.append(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax().item())
    return {
        "ids": prompt,
        "logits": [{"position": position, "values": rounded(logits[position])} for position in positions],
        "greedy": ids[len(prompt) :],
        "smallest_gap": gap,
    }


def rounded(values):
    return [float(f"{value:.7g}") for value in values.tolist()]


main(sys.argv[1:])
