"""Makes the fixtures of test/fixtures/exports: what other exporters write for tiny random checkpoints.

    python scripts/reference/make_export_fixtures.py optimum    # llama-optimum, bert-optimum, bert-classify-optimum
    python scripts/reference/make_export_fixtures.py torch      # gpt2-combined
    python scripts/reference/make_export_fixtures.py genai      # llama-genai

Needs torch 2.15.0, onnx 1.23.2 and no network; for the first two transformers 4.57.6 and optimum-onnx 0.1.0, for the last
transformers 5.24.0, onnx-ir 1.1.0 and onnxruntime-genai 0.18.0, whose builder writes the graph. Both llamas hold the same
weights. The decoders' reference.json: prompts, and the next 12 greedy ids with the smallest gap between the largest
two logits on the way, which transformers computes in float64. The encoders are those of test/fixtures/encoders, with
what transformers computes for them there.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers

from random_weights import randomise

ROOT = Path(__file__).resolve().parents[2] / "test/fixtures"
EXPORTS = ROOT / "exports"
PROMPT_LENGTHS = [1, 2, 9, 40]
GREEDY = 12
# A smaller gap between two logits would let rounding choose the token.
SMALLEST_GAP = 2e-2
TOKENS = {"vocab_size": 300, "bos_token_id": 256, "eos_token_id": 258}


def llama():
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            **TOKENS,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=16,
            max_position_embeddings=128,
        )
    )


def gpt2():
    config = transformers.GPT2Config(
        **TOKENS, n_embd=32, n_layer=2, n_head=4, n_positions=128, attn_implementation="eager"
    )
    return transformers.GPT2LMHeadModel(config)


def optimum():
    from optimum.exporters.onnx import main_export

    with tempfile.TemporaryDirectory() as folder:
        prompts = checkpoint(llama, folder)
        export("llama-optimum", folder, "text-generation-with-past", main_export)
        write_reference("llama-optimum", prompts)
    for name, task in [("bert", "feature-extraction"), ("bert-classify", "text-classification")]:
        export(f"{name}-optimum", ROOT / "encoders" / name, task, main_export)
        for file in ["modules.json", "1_Pooling/config.json", "sentence_bert_config.json"]:
            if (ROOT / "encoders" / name / file).exists():
                copy(ROOT / "encoders" / name / file, EXPORTS / f"{name}-optimum" / file)


def export(name, source, task, main_export):
    """What `optimum-cli export onnx` does, and the file where transformers.js looks for it."""
    folder = fresh(name)
    with tempfile.TemporaryDirectory() as out:
        main_export(str(source), output=out, task=task, library_name="transformers", do_validation=False)
        for file in Path(out).iterdir():
            copy(file, folder / ("onnx/model.onnx" if file.name == "model.onnx" else file.name))


class CombinedPast(torch.nn.Module):
    """GPT-2 as ONNX Runtime's own converter exports it: int32 inputs, keys and values of a layer in one tensor."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, position_ids, attention_mask, *past):
        cache = transformers.DynamicCache()
        for layer, pair in enumerate(past):
            cache.update(pair[0], pair[1], layer)
        new, total = input_ids.shape[1], attention_mask.shape[1]
        before = torch.arange(total)[None, :] <= torch.arange(total - new, total)[:, None]
        seen = before[None, None] & (attention_mask[:, None, None, :] > 0)
        bias = torch.where(seen, torch.tensor(0.0), torch.tensor(torch.finfo(torch.float32).min))
        outputs = self.model(
            input_ids=input_ids.long(), position_ids=position_ids.long(), attention_mask=bias, past_key_values=cache
        )
        present = [torch.stack([layer.keys, layer.values]) for layer in outputs.past_key_values.layers]
        return (outputs.logits, *present)


def combined():
    folder = fresh("gpt2-combined")
    with tempfile.TemporaryDirectory() as source:
        prompts = checkpoint(gpt2, source)
        model = transformers.GPT2LMHeadModel.from_pretrained(source, attn_implementation="eager").eval()
        for file in ["tokenizer.json", "tokenizer_config.json"]:
            copy(Path(source) / file, folder / file)
    layers = range(model.config.n_layer)
    ids = torch.randint(300, (2, 3), dtype=torch.int32)
    positions = torch.arange(4, 7, dtype=torch.int32).expand(2, 3)
    past = [torch.randn(2, 2, 4, 4, 8) for _ in layers]
    names = ["input_ids", "position_ids", "attention_mask", *(f"past_{i}" for i in layers)]
    outputs = ["logits", *(f"present_{i}" for i in layers)]
    grids = {name: {0: "batch_size", 1: "sequence_length"} for name in [*names[:2], "logits"]}
    axes = grids | {"attention_mask": {0: "batch_size", 1: "total_length"}}
    axes |= {f"past_{i}": {1: "batch_size", 3: "past_length"} for i in layers}
    axes |= {f"present_{i}": {1: "batch_size", 3: "total_length"} for i in layers}
    inputs = (ids, positions, torch.ones(2, 7, dtype=torch.int32), *past)
    settings = {"input_names": names, "output_names": outputs, "dynamic_axes": axes}
    torch.onnx.export(CombinedPast(model), inputs, folder / "past.onnx", opset_version=17, dynamo=False, **settings)
    decoder = {
        "filename": "past.onnx",
        **{"head_size": 8, "num_attention_heads": 4, "num_key_value_heads": 4, "num_hidden_layers": len(layers)},
        "inputs": {"past_names": "past_%d"},
        "outputs": {"present_names": "present_%d"},
    }
    facts = {"type": "gpt2", "vocab_size": 300, "context_length": 128, "eos_token_id": 258, "decoder": decoder}
    (folder / "genai_config.json").write_text(json.dumps({"model": facts}, indent=2) + "\n")
    write_reference("gpt2-combined", prompts)


def genai():
    folder = fresh("llama-genai")
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-p", "fp32", "-e", "cpu"]
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as cache:
        prompts = checkpoint(llama, source)
        subprocess.run([*builder, "-i", source, "-o", str(folder), "-c", cache], check=True)
        # The tokenizer as it was: what transformers 5 saves is another form of the same.
        for file in ["tokenizer.json", "tokenizer_config.json"]:
            copy(Path(source) / file, folder / file)
    write_reference("llama-genai", prompts)


def checkpoint(create, folder):
    """Writes a random model whose greedy tokens are beyond doubt, and gives these."""
    for seed in range(1, 200):
        torch.manual_seed(seed)
        model = create()
        randomise(model)
        prompts = reference(model)
        if min(prompt["smallest_gap"] for prompt in prompts) >= SMALLEST_GAP:
            break
    model.float().save_pretrained(folder)
    shutil.copytree(ROOT / "tokenizer", folder, dirs_exist_ok=True)
    return prompts


@torch.no_grad()
def reference(model):
    exact = model.double().eval()
    random = torch.Generator().manual_seed(1)
    return [
        prompt_reference(exact, torch.randint(300, (length,), generator=random).tolist()) for length in PROMPT_LENGTHS
    ]


def prompt_reference(model, prompt):
    ids, gap = list(prompt), float("inf")
    for _ in range(GREEDY):
        top = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].topk(2)
        first, second = top.values.tolist()
        gap = min(gap, first - second)
        ids.append(top.indices[0].item())
    return {"ids": prompt, "greedy": ids[len(prompt) :], "smallest_gap": gap}


def write_reference(name, prompts):
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    (EXPORTS / name / "reference.json").write_text(json.dumps(versions | {"prompts": prompts}) + "\n")


def fresh(name):
    shutil.rmtree(EXPORTS / name, ignore_errors=True)
    (EXPORTS / name).mkdir(parents=True)
    return EXPORTS / name


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


{"optimum": optimum, "torch": combined, "genai": genai}[sys.argv[1]]()
