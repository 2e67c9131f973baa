"""The encoder checkpoints that make_encoder_fixtures.py makes: a class and config of transformers, and how it is stored."""

import torch
import transformers

TEXT_LENGTHS = [2, 5, 16, 31]

CONTEXT = 48
TOKENS = {"vocab_size": 264, "bos_token_id": 256, "eos_token_id": 258, "pad_token_id": 1}
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": CONTEXT,
}
LABELS = ["good", "bad", "other"]


def encoder(model, config, dtype=torch.float32, modules=None):
    """modules: how sentence-transformers pools; None: the folder does not say."""
    return {"class": model, "config": config, "dtype": dtype, "modules": modules}


def labels(names=LABELS):
    return {"id2label": dict(enumerate(names)), "label2id": {name: index for index, name in enumerate(names)}}


MEAN_NORMALISED = {"pooling": "mean_tokens", "normalise": True, "max_seq_length": 40}

MODERN = TOKENS | {"cls_token_id": 257, "sep_token_id": 258}

ENCODERS = {
    "bert": encoder(
        transformers.BertModel,
        transformers.BertConfig(**TOKENS, **SIZES, layer_norm_eps=1e-3),
        modules=MEAN_NORMALISED,
    ),
    # Without modules; the trunk is in a model with a head.
    "bert-masked": encoder(
        transformers.BertForMaskedLM,
        transformers.BertConfig(**TOKENS, **(SIZES | {"num_attention_heads": 4}), hidden_act="gelu_new"),
        torch.float16,
    ),
    "bert-classify": encoder(
        transformers.BertForSequenceClassification, transformers.BertConfig(**TOKENS, **SIZES, **labels()), torch.float16
    ),
    "bert-tag": encoder(
        transformers.BertForTokenClassification, transformers.BertConfig(**TOKENS, **SIZES, **labels()), torch.bfloat16
    ),
    "distilbert": encoder(
        transformers.DistilBertModel,
        transformers.DistilBertConfig(
            vocab_size=264, dim=32, hidden_dim=48, n_layers=2, n_heads=2, max_position_embeddings=CONTEXT
        ),
        modules={"pooling": "cls_token", "normalise": True},
    ),
    "distilbert-classify": encoder(
        transformers.DistilBertForSequenceClassification,
        transformers.DistilBertConfig(
            vocab_size=264, dim=32, hidden_dim=48, n_layers=2, n_heads=4, max_position_embeddings=CONTEXT, **labels()
        ),
        torch.float16,
    ),
    "distilbert-tag": encoder(
        transformers.DistilBertForTokenClassification,
        transformers.DistilBertConfig(
            vocab_size=264, dim=32, hidden_dim=40, n_layers=1, n_heads=2, max_position_embeddings=CONTEXT, **labels()
        ),
        torch.bfloat16,
    ),
    "roberta": encoder(
        transformers.RobertaModel,
        transformers.RobertaConfig(**TOKENS, **SIZES, type_vocab_size=1),
        modules={"pooling": "max_tokens", "normalise": False},
    ),
    "xlm-roberta-classify": encoder(
        transformers.XLMRobertaForSequenceClassification,
        transformers.XLMRobertaConfig(**TOKENS, **SIZES, type_vocab_size=1, **labels(["relevance"])),
        torch.float16,
    ),
    "roberta-tag": encoder(
        transformers.RobertaForTokenClassification,
        transformers.RobertaConfig(
            **(TOKENS | {"pad_token_id": 0}), **(SIZES | {"num_hidden_layers": 1}), type_vocab_size=1, **labels()
        ),
        torch.float16,
    ),
    "mpnet": encoder(
        transformers.MPNetModel,
        transformers.MPNetConfig(**TOKENS, **SIZES),
        modules=MEAN_NORMALISED,
    ),
    "mpnet-classify": encoder(
        transformers.MPNetForSequenceClassification,
        transformers.MPNetConfig(**TOKENS, **SIZES, **labels()),
        torch.float16,
    ),
    # Windows shorter than the texts.
    "modernbert": encoder(
        transformers.ModernBertModel,
        transformers.ModernBertConfig(**MODERN, **(SIZES | {"num_hidden_layers": 3}), local_attention=8),
        torch.bfloat16,
        modules=MEAN_NORMALISED,
    ),
    "modernbert-classify": encoder(
        transformers.ModernBertForSequenceClassification,
        transformers.ModernBertConfig(
            **MODERN,
            **SIZES,
            local_attention=6,
            classifier_pooling="mean",
            classifier_bias=True,
            attention_bias=True,
            mlp_bias=True,
            norm_bias=True,
            problem_type="multi_label_classification",
            **labels(),
        ),
        torch.float16,
    ),
    "modernbert-tag": encoder(
        transformers.ModernBertForTokenClassification,
        transformers.ModernBertConfig(**MODERN, **SIZES, **labels()),
        torch.bfloat16,
    ),
}
