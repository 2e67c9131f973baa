"""The checkpoints that make_fixtures.py makes: a config with values that are not the defaults, and how it is stored."""

import torch
import transformers

# Longer than every sliding window.
PROMPT_LENGTHS = [1, 5, 12, 37]

VOCAB = 300
CONTEXT = 64
TOKENS = {"vocab_size": VOCAB, "bos_token_id": 256, "eos_token_id": 258, "pad_token_id": 256}
# Of the families with RMS norms. Some replace the MLP's width by an odd one, so that rows end inside a vector.
SIZES = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def family(config, dtype=torch.float32):
    return {"config": config, "dtype": dtype}


FAMILIES = {
    "gpt2": family(
        transformers.GPT2Config(**TOKENS, n_embd=48, n_layer=3, n_head=3, n_positions=CONTEXT, layer_norm_epsilon=1e-3)
    ),
    "gpt2-untied-scaled": family(
        transformers.GPT2Config(
            **TOKENS,
            n_embd=32,
            n_layer=3,
            n_head=4,
            n_inner=80,
            n_positions=CONTEXT,
            activation_function="gelu",
            scale_attn_weights=False,
            scale_attn_by_inverse_layer_idx=True,
            tie_word_embeddings=False,
        ),
        torch.bfloat16,
    ),
    "gpt-neox": family(
        transformers.GPTNeoXConfig(
            **TOKENS,
            hidden_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=112,
            max_position_embeddings=CONTEXT,
            layer_norm_eps=1e-3,
            rope_parameters={"rope_type": "default", "rope_theta": 2000.0, "partial_rotary_factor": 0.5},
        ),
        torch.float16,
    ),
    "gpt-neox-sequential": family(
        transformers.GPTNeoXConfig(
            **TOKENS,
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=80,
            max_position_embeddings=CONTEXT,
            hidden_act="gelu_fast",
            use_parallel_residual=False,
            attention_bias=False,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.25},
        )
    ),
    "opt": family(
        transformers.OPTConfig(
            **TOKENS,
            hidden_size=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            ffn_dim=96,
            max_position_embeddings=CONTEXT,
        ),
        torch.float16,
    ),
    "opt-plain-gelu": family(
        transformers.OPTConfig(
            **TOKENS,
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            ffn_dim=72,
            max_position_embeddings=CONTEXT,
            activation_function="gelu",
            enable_bias=False,
            tie_word_embeddings=False,
        )
    ),
    "llama": family(
        transformers.LlamaConfig(
            **TOKENS,
            **SIZES,
            head_dim=16,
            max_position_embeddings=CONTEXT,
            rms_norm_eps=1e-3,
            attention_bias=True,
            mlp_bias=True,
            tie_word_embeddings=False,
            rope_parameters={"rope_type": "default", "rope_theta": 700.0},
        ),
        torch.float16,
    ),
    "llama-llama3": family(
        transformers.LlamaConfig(
            **TOKENS,
            **SIZES,
            head_dim=32,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            rope_parameters={
                "rope_type": "llama3",
                "rope_theta": 900.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 24,
            },
        ),
        torch.float16,
    ),
    "llama-linear": family(
        transformers.LlamaConfig(
            **TOKENS,
            **(SIZES | {"intermediate_size": 91}),
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "linear", "rope_theta": 900.0, "factor": 2.5},
        ),
        torch.bfloat16,
    ),
    "llama-yarn": family(
        transformers.LlamaConfig(
            **TOKENS,
            **SIZES,
            head_dim=32,
            max_position_embeddings=4 * 48,
            rope_parameters={
                "rope_type": "yarn",
                "rope_theta": 900.0,
                "factor": 4.0,
                "beta_fast": 2.0,
                "beta_slow": 0.25,
                "mscale": 0.8,
                "mscale_all_dim": 0.3,
                "original_max_position_embeddings": 48,
            },
        ),
        torch.bfloat16,
    ),
    # A head size whose rotary is an operator of its own.
    "mistral": family(
        transformers.MistralConfig(
            **TOKENS,
            **SIZES,
            head_dim=24,
            max_position_embeddings=CONTEXT,
            rms_norm_eps=1e-4,
            sliding_window=9,
            rope_parameters={"rope_type": "default", "rope_theta": 300.0},
        ),
        torch.float16,
    ),
    "qwen2": family(
        transformers.Qwen2Config(
            **TOKENS,
            **SIZES,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            use_sliding_window=True,
            sliding_window=11,
            max_window_layers=1,
            rope_parameters={"rope_type": "default", "rope_theta": 2000.0},
        ),
        torch.bfloat16,
    ),
    "qwen3": family(
        transformers.Qwen3Config(
            **TOKENS,
            **SIZES,
            head_dim=16,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            rms_norm_eps=1e-2,
            rope_parameters={"rope_type": "default", "rope_theta": 2000.0},
        ),
        torch.bfloat16,
    ),
    "qwen3-biased": family(
        transformers.Qwen3Config(
            **TOKENS,
            **SIZES,
            head_dim=24,
            max_position_embeddings=CONTEXT,
            attention_bias=True,
            use_sliding_window=True,
            sliding_window=7,
            max_window_layers=2,
        ),
        torch.float16,
    ),
    "smollm3": family(
        transformers.SmolLM3Config(
            **TOKENS,
            **(SIZES | {"num_hidden_layers": 4}),
            max_position_embeddings=CONTEXT,
            attention_bias=True,
            no_rope_layer_interval=2,
            use_sliding_window=True,
            sliding_window=9,
            rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        ),
        torch.bfloat16,
    ),
    "phi3": family(
        transformers.Phi3Config(
            **TOKENS,
            **SIZES,
            max_position_embeddings=CONTEXT,
            original_max_position_embeddings=CONTEXT,
            sliding_window=13,
            rope_parameters={"rope_type": "default", "rope_theta": 400.0, "partial_rotary_factor": 0.5},
        ),
        torch.float16,
    ),
    "phi3-longrope": family(
        transformers.Phi3Config(
            **TOKENS,
            **SIZES,
            max_position_embeddings=8 * CONTEXT,
            original_max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            rope_parameters={
                "rope_type": "longrope",
                "rope_theta": 400.0,
                "partial_rotary_factor": 0.75,
                "short_factor": [1.0, 1.1, 1.3, 1.7, 2.0, 2.5],
                "long_factor": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
            },
        ),
        torch.bfloat16,
    ),
    "gemma": family(
        transformers.GemmaConfig(
            **TOKENS,
            **SIZES,
            head_dim=32,
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "default", "rope_theta": 600.0},
        ),
        torch.bfloat16,
    ),
    "gemma2": family(
        transformers.Gemma2Config(
            **TOKENS,
            **(SIZES | {"intermediate_size": 83}),
            head_dim=32,
            max_position_embeddings=CONTEXT,
            rms_norm_eps=1e-4,
            query_pre_attn_scalar=12,
            sliding_window=9,
            attn_logit_softcapping=3.0,
            final_logit_softcapping=4.0,
            rope_parameters={"rope_type": "default", "rope_theta": 600.0},
        ),
        torch.bfloat16,
    ),
    "gemma3": family(
        transformers.Gemma3TextConfig(
            **TOKENS,
            **(SIZES | {"num_hidden_layers": 4}),
            head_dim=16,
            max_position_embeddings=CONTEXT,
            query_pre_attn_scalar=24,
            sliding_window=9,
            sliding_window_pattern=3,
            rope_parameters={
                "full_attention": {"rope_type": "linear", "rope_theta": 5000.0, "factor": 2.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
            },
        ),
        torch.bfloat16,
    ),
}
