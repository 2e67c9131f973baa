"""transformers' generate on one static batch: a line with a plan in, a line with the times of each row's tokens out.

python torch_generate.py <checkpoint>
"""

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM

device = "cuda" if torch.cuda.is_available() else "cpu"
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
model = model.to(device=device, dtype=torch.bfloat16 if device == "cuda" else torch.float32).eval()
# No end before the last token.
model.generation_config.eos_token_id = None
model.generation_config.pad_token_id = None


class Clock:
    """Told of each step's tokens, and first of the prompt."""

    def __init__(self):
        self.started = time.perf_counter()
        self.times = []

    def put(self, _):
        self.times.append(1000 * (time.perf_counter() - self.started))

    def end(self):
        pass


@torch.inference_mode()
def run(plan):
    prompts = torch.tensor(plan["prompts"], device=device)
    clock = Clock()
    output = model.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        max_new_tokens=plan["steps"],
        do_sample=False,
        streamer=clock,
    )
    times = clock.times[1:]
    return {"times": [times] * len(plan["prompts"]), "tokens": output[0, prompts.shape[1] :].tolist()}


print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
