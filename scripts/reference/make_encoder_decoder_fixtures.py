"""Makes the fixtures of test/fixtures/encoder-decoders: tiny random T5 checkpoints with what transformers computes for them.

    python scripts/reference/make_encoder_decoder_fixtures.py

Needs torch 2.15.0, transformers 5.23.0, tokenizers 0.23.3 and safetensors 0.8.0; no network. For each checkpoint it writes
what one has (config.json, model.safetensors, a Unigram tokenizer trained on the text below) and reference.json:

    prompts: ids; the encoder's states of a first, a middle and the last position; the logits of the first and of the last
             output token; the 24 greedy ids and the smallest gap between the largest two logits on the way

Beside them tokenizer.json, texts with their ids and ids with their text, and relative-buckets.json, for some settings the
bucket of every distance from -2 to 2 times the largest. The reference is computed in float64 from the weights as stored.
"""

import json
import shutil
from pathlib import Path

import tokenizers
import torch
import transformers
from transformers.models.t5.modeling_t5 import T5Attention

ROOT = Path(__file__).resolve().parents[2] / "test/fixtures/encoder-decoders"
VOCAB = 320
PROMPT_LENGTHS = [1, 2, 5, 12, 37, 70]
GREEDY = 24
# A smaller gap between two logits would let rounding choose the token.
SMALLEST_GAP = 5e-3

SIZES = {"vocab_size": VOCAB, "decoder_start_token_id": 0, "eos_token_id": 1, "pad_token_id": 0, "n_positions": 96}
CHECKPOINTS = {
    "t5": {
        "config": dict(
            **SIZES,
            d_model=48,
            d_kv=16,
            d_ff=80,
            num_layers=2,
            num_decoder_layers=3,
            num_heads=4,
        ),
        "dtype": torch.float16,
    },
    "t5-gated": {
        "config": dict(
            **SIZES,
            d_model=64,
            d_kv=24,
            d_ff=75,
            num_layers=2,
            num_decoder_layers=1,
            num_heads=3,
            relative_attention_num_buckets=8,
            relative_attention_max_distance=20,
            feed_forward_proj="gated-gelu",
            layer_norm_epsilon=1e-4,
            tie_word_embeddings=False,
        ),
        "dtype": torch.bfloat16,
    },
}

TRAINING = """
The lighthouse keeper wrote a letter every evening, and every evening the sea took it away. Translate English to German:
the weather is nice today. Das Wetter ist heute schön. Summarize: rivers carry stones, stones become sand, and sand becomes
the shore. Is the following sentence true? Water boils at one hundred degrees. Yes. No. Je voudrais un café, s'il vous
plaît. Où est la gare ? The answer is 42, not 43; ask again on Monday (or on Tuesday). A question has an answer, an answer
has a reason, a reason has a beginning. Geben Sie mir bitte das Buch über Vögel. She said: "I have seen it." They did not.
"""
TEXTS = [
    "translate English to German: the weather is nice today.",
    "  two  spaces, and at both ends ",
    "Où est la gare ?",
    "lines\nand\ttabs",
    "unknown 漢字 and 😀 signs",
    "sentinels <extra_id_0> in <extra_id_1>the text</s>",
    "▁ is their own sign",
    "ﬁne Ｆｕｌｌ width",
    "x",
    "",
]


def main():
    ROOT.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    write(ROOT / "tokenizer.json", tokenizer_reference(tokenizer))
    write(ROOT / "relative-buckets.json", bucket_reference())
    for name, checkpoint in CHECKPOINTS.items():
        for seed in range(1, 100):
            reference = make(name, checkpoint, seed)
            if min(prompt["smallest_gap"] for prompt in reference["prompts"]) >= SMALLEST_GAP:
                break
        tokenizer.save_pretrained(ROOT / name)
        (ROOT / name / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 96}) + "\n")
        write(ROOT / name / "reference.json", reference)
        print(name, "seed", seed)


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n")


def train_tokenizer():
    """The parts of T5's own tokenizer.json; its table of normalised characters stands for NFKC here."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram())
    tokenizer.normalizer = tokenizers.normalizers.NFKC()
    metaspace = {"replacement": "▁", "prepend_scheme": "always"}
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [tokenizers.pre_tokenizers.WhitespaceSplit(), tokenizers.pre_tokenizers.Metaspace(**metaspace)]
    )
    tokenizer.decoder = tokenizers.decoders.Metaspace(**metaspace)
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=260, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([TRAINING], trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        extra_special_tokens=[f"<extra_id_{i}>" for i in range(4)],
    )


def tokenizer_reference(tokenizer):
    size = len(tokenizer)
    torch.manual_seed(0)
    random_ids = [torch.randint(size, (length,)).tolist() for length in (1, 2, 7, 40)]
    spaces = tokenizer.convert_tokens_to_ids("▁")
    first = next(i for i in range(size) if tokenizer.convert_ids_to_tokens(i).startswith("▁t"))
    chosen = [[0, first, spaces, first, 1], [spaces, spaces, first], [2, first], [first, 1], [1], []]
    return {
        "encode": [{"text": text, "ids": tokenizer(text)["input_ids"]} for text in TEXTS],
        "decode": [
            {"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)}
            for ids in random_ids + chosen
        ],
    }


def bucket_reference():
    cases = []
    for buckets, max_distance in [(32, 128), (8, 20), (4, 3), (12, 50), (64, 1000), (7, 9)]:
        for bidirectional in (True, False):
            distances = torch.arange(-2 * max_distance, 2 * max_distance + 1)
            values = T5Attention._relative_position_bucket(distances, bidirectional, buckets, max_distance)
            cases.append(
                {
                    "buckets": buckets,
                    "maxDistance": max_distance,
                    "bidirectional": bidirectional,
                    "values": values.tolist(),
                }
            )
    return cases


def make(name, checkpoint, seed):
    torch.manual_seed(seed)
    config = transformers.T5Config(**checkpoint["config"])
    config.decoder_start_token_id = 0
    model = transformers.T5ForConditionalGeneration(config)
    if not config.scale_decoder_outputs:
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
    randomise(model)
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(checkpoint["dtype"]).save_pretrained(folder)
    stored = transformers.T5ForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager"
    ).eval()
    prompts = [torch.randint(3, VOCAB, (length,)).tolist() for length in PROMPT_LENGTHS]
    return {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "seed": seed,
        "prompts": [prompt_reference(stored, ids) for ids in prompts],
    }


@torch.no_grad()
def randomise(model):
    """
    Matrices that keep the size of what they read, norms and biases that matter; T5 does not scale its scores. Signs in the
    last norm keep a tied head from finding the last token's embedding again and again.
    """
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            parameter.add_(0.3 * torch.randn_like(parameter))
            if name == "decoder.final_layer_norm.weight":
                parameter.mul_(4 * torch.randn_like(parameter).sign())
        elif name == "shared.weight" or "relative_attention_bias" in name:
            parameter.copy_(1.5 * torch.randn_like(parameter))
        else:
            parameter.copy_(1.5 * torch.randn_like(parameter) / parameter.shape[-1] ** 0.5)
            if name.endswith(".q.weight"):
                parameter.div_(model.config.d_kv**0.5)


@torch.no_grad()
def prompt_reference(model, prompt):
    encoded = model.encoder(input_ids=torch.tensor([prompt]))
    states = encoded.last_hidden_state[0]
    ids, gap, logits = [model.config.decoder_start_token_id], float("inf"), []
    for _ in range(GREEDY):
        step = model(encoder_outputs=encoded, decoder_input_ids=torch.tensor([ids])).logits[0, -1]
        first, second = step.topk(2).values.tolist()
        gap = min(gap, first - second)
        logits.append(step)
        ids.append(step.argmax().item())
    positions = sorted({0, len(prompt) // 2, len(prompt) - 1})
    return {
        "ids": prompt,
        "states": [{"position": position, "values": rounded(states[position])} for position in positions],
        "logits": [{"step": step, "values": rounded(logits[step])} for step in (0, GREEDY - 1)],
        "greedy": ids[1:],
        "smallest_gap": gap,
    }


def rounded(values):
    return [float(f"{value:.7g}") for value in values.tolist()]


main()
