"""Makes the fixtures of test/fixtures/encoders: tiny random checkpoints with what transformers computes for some texts.

    python scripts/reference/make_encoder_fixtures.py [name ...]

Needs torch 2.15.0, transformers 5.23.0 and safetensors 0.8.0; no network. Without names it makes all that encoders.py
lists. For each it writes what a checkpoint has (config.json, model.safetensors, the byte-level tokenizer of
test/fixtures/tokenizer, for some the modules of sentence-transformers) and reference.json: for each text its ids and either

    states: hidden states of its first and last token, with embedding: the vector of the whole text
    logits: of its labels, or of the labels of each token

The reference is computed in float64 from the weights as stored.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers

from encoders import ENCODERS, TEXT_LENGTHS

ROOT = Path(__file__).resolve().parents[2] / "test/fixtures"


def main(names):
    for name in names or ENCODERS:
        make(name, ENCODERS[name])
        print(name)


def make(name, encoder):
    torch.manual_seed(1)
    model = encoder["class"](encoder["config"])
    randomise(model)
    folder = ROOT / "encoders" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(encoder["dtype"]).save_pretrained(folder)
    shutil.copytree(ROOT / "tokenizer", folder, dirs_exist_ok=True)
    if encoder["modules"]:
        write_modules(folder, encoder["modules"])
    stored = encoder["class"].from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    (folder / "reference.json").write_text(json.dumps(versions | {"texts": compute(stored, encoder)}) + "\n")


@torch.no_grad()
def randomise(model):
    """Matrices that keep the size of what they read, norms and biases that matter."""
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.add_(0.3 * torch.randn_like(parameter))
        else:
            parameter.copy_(1.7 * torch.randn_like(parameter) / parameter.shape[-1] ** 0.5)


def write_modules(folder, modules):
    """As sentence-transformers saves them."""
    kinds = ["Transformer", "Pooling"] + (["Normalize"] if modules["normalise"] else [])
    paths = ["", "1_Pooling", "2_Normalize"]
    entries = [
        {"idx": index, "name": str(index), "path": paths[index], "type": f"sentence_transformers.models.{kind}"}
        for index, kind in enumerate(kinds)
    ]
    modes = ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
    pooling = {f"pooling_mode_{mode}": mode == modules["pooling"] for mode in modes}
    write_json(folder / "modules.json", entries)
    write_json(folder / "1_Pooling/config.json", pooling | {"include_prompt": True})
    if modules.get("max_seq_length"):
        limits = {"max_seq_length": modules["max_seq_length"], "do_lower_case": False}
        write_json(folder / "sentence_bert_config.json", limits)


def write_json(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


@torch.no_grad()
def compute(model, encoder):
    # Not the id that stands for padding, which is 1: positions of some families follow from it.
    texts = [torch.randint(2, model.config.vocab_size, (length,)).tolist() for length in TEXT_LENGTHS]
    return [{"ids": text} | reference(model, encoder, text) for text in texts]


def reference(model, encoder, text):
    # Alone: beside longer ones, rows of padding that a window leaves nothing to see become NaN.
    inputs = {"input_ids": torch.tensor([text]), "attention_mask": torch.ones(1, len(text), dtype=torch.long)}
    if type(model).__name__.endswith("Classification"):
        return {"logits": rounded(model(**inputs).logits)}
    states = model.base_model(**inputs).last_hidden_state[0]
    return {"states": rounded(states[[0, -1]]), "embedding": rounded(embed(states, encoder))}


def embed(states, encoder):
    """As the modules of sentence-transformers do; without any it takes the mean."""
    modules = encoder["modules"] or {"pooling": "mean_tokens", "normalise": False}
    vector = {
        "cls_token": lambda: states[0],
        "mean_tokens": lambda: states.mean(0),
        "mean_sqrt_len_tokens": lambda: states.sum(0) / len(states) ** 0.5,
        "max_tokens": lambda: states.max(0).values,
        "lasttoken": lambda: states[-1],
    }[modules["pooling"]]()
    return torch.nn.functional.normalize(vector, dim=0) if modules["normalise"] else vector


def rounded(values):
    return [float(f"{value:.7g}") for value in values.flatten().tolist()]


main(sys.argv[1:])
