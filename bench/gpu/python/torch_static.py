"""A Llama or Qwen2 in plain PyTorch with a static cache, one static batch, its decode step in a CUDA graph or compiled.

A line with a plan in, a line with the times of each row's tokens out. Needs PyTorch alone. Without CUDA the step runs as it is.

python torch_static.py <checkpoint> graph | compile
"""

import json
import struct
import sys
import time

import torch
import torch.nn.functional as F

folder, mode = sys.argv[1:3]
device = "cuda" if torch.cuda.is_available() else "cpu"
floats = torch.bfloat16 if device == "cuda" else torch.float32


def read_tensors(path):
    """safetensors: the header's length, the header, the tensors; all in bfloat16 here."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__":
            continue
        start, end = about["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.bfloat16, count=(end - start) // 2, offset=8 + length + start)
        tensors[name] = flat.reshape(about["shape"]).to(device=device, dtype=floats)
    return tensors


class Decoder:
    def __init__(self, folder):
        with open(f"{folder}/config.json") as file:
            config = json.load(file)
        tensors = read_tensors(f"{folder}/model.safetensors")
        self.heads, self.kv = config["num_attention_heads"], config["num_key_value_heads"]
        self.size = config["hidden_size"] // self.heads
        self.epsilon = config["rms_norm_eps"]
        self.embedding = tensors["model.embed_tokens.weight"]
        self.norm = tensors["model.norm.weight"]
        half = torch.arange(0, self.size, 2, dtype=torch.float32, device=device) / self.size
        self.frequencies = 1.0 / config["rope_theta"] ** half
        self.layers = [self.read_layer(tensors, i) for i in range(config["num_hidden_layers"])]

    def read_layer(self, tensors, index):
        at = lambda name: tensors[f"model.layers.{index}.{name}"]
        biased = f"model.layers.{index}.self_attn.q_proj.bias" in tensors
        parts = [f"self_attn.{part}_proj" for part in "qkv"]
        return {
            "qkv": torch.cat([at(f"{part}.weight") for part in parts]),
            "bias": torch.cat([at(f"{part}.bias") for part in parts]) if biased else None,
            "out": at("self_attn.o_proj.weight"),
            "gate_up": torch.cat([at("mlp.gate_proj.weight"), at("mlp.up_proj.weight")]),
            "down": at("mlp.down_proj.weight"),
            "before": at("input_layernorm.weight"),
            "after": at("post_attention_layernorm.weight"),
        }

    def new_cache(self, rows, capacity):
        shape = (rows, self.kv, capacity, self.size)
        return [[torch.zeros(shape, dtype=floats, device=device) for _ in range(2)] for _ in self.layers]

    def forward(self, ids, positions, cache, mask):
        """ids [rows, tokens], positions [tokens]; mask [tokens, capacity], or None for a prompt. Logits of the last token."""
        rows, tokens = ids.shape
        angles = positions[:, None].float() * self.frequencies
        cos, sin = angles.cos().to(floats), angles.sin().to(floats)
        hidden = F.embedding(ids, self.embedding)
        for layer, (keys, values) in zip(self.layers, cache):
            x = F.rms_norm(hidden, (hidden.shape[-1],), layer["before"], self.epsilon)
            qkv = F.linear(x, layer["qkv"], layer["bias"]).view(rows, tokens, -1, self.size).transpose(1, 2)
            q, k, v = qkv.split([self.heads, self.kv, self.kv], dim=1)
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            keys.index_copy_(2, positions, k)
            values.index_copy_(2, positions, v)
            if mask is None:
                repeat = self.heads // self.kv
                wide = [part.repeat_interleave(repeat, dim=1) for part in (k, v)]
                mixed = F.scaled_dot_product_attention(q, *wide, is_causal=True)
            else:
                # One token: the heads that share keys are the queries of one.
                grouped = q.reshape(rows, self.kv, self.heads // self.kv, self.size)
                mixed = F.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask)
                mixed = mixed.reshape(rows, self.heads, 1, self.size)
            hidden = hidden + F.linear(mixed.transpose(1, 2).reshape(rows, tokens, -1), layer["out"])
            x = F.rms_norm(hidden, (hidden.shape[-1],), layer["after"], self.epsilon)
            gate, up = F.linear(x, layer["gate_up"]).chunk(2, dim=-1)
            hidden = hidden + F.linear(F.silu(gate) * up, layer["down"])
        last = F.rms_norm(hidden[:, -1], (hidden.shape[-1],), self.norm, self.epsilon)
        return F.linear(last, self.embedding)


def rotate(x, cos, sin):
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], dim=-1)


model = Decoder(folder)
steps = {}


def step_of(rows, capacity):
    """The decode step of so many rows, with the tensors that it reads and writes: made once, for its capture takes time."""
    if (rows, capacity) in steps:
        return steps[rows, capacity]
    ids = torch.zeros((rows, 1), dtype=torch.long, device=device)
    position = torch.zeros(1, dtype=torch.long, device=device)
    places = torch.arange(capacity, device=device)
    cache = model.new_cache(rows, capacity)

    def step(ids, position):
        logits = model.forward(ids, position, cache, (places <= position)[None])
        return logits.argmax(-1, keepdim=True)

    def advance(run):
        ids.copy_(run(ids, position))
        position.add_(1)

    if device == "cpu" and mode == "graph":
        take = lambda: advance(step)
    elif mode == "compile":
        compiled = torch.compile(step, mode="reduce-overhead", fullgraph=True, dynamic=False)
        take = lambda: advance(compiled)
        for _ in range(3):
            take()
    else:
        take = capture(lambda: advance(step))
    steps[rows, capacity] = (ids, position, cache, take)
    return steps[rows, capacity]


def capture(run):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


@torch.inference_mode()
def run(plan):
    rows, length = len(plan["prompts"]), plan["prompt"]
    # As long as this batch becomes, in whole pieces of 64.
    capacity = -(-(length + plan["steps"]) // 64) * 64
    ids, position, cache, take = step_of(rows, capacity)
    prompts = torch.tensor(plan["prompts"], device=device)
    started = time.perf_counter()
    times, tokens = [], []

    def tell():
        # A server has each token in its hands before the next.
        tokens.append(ids[:, 0].tolist()[0])
        times.append(1000 * (time.perf_counter() - started))

    logits = model.forward(prompts, torch.arange(length, device=device), cache, None)
    ids.copy_(logits.argmax(-1, keepdim=True))
    position.fill_(length)
    tell()
    while len(times) < plan["steps"]:
        take()
        tell()
    return {"times": [times] * rows, "tokens": tokens}


print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
