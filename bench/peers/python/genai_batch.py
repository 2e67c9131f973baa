"""onnxruntime-genai with one static batch: a line with a plan in, a line with the times of each row's tokens out.

python genai_batch.py <folder>
"""

import json
import sys
import time

import numpy
import onnxruntime_genai

model = onnxruntime_genai.Model(sys.argv[1])


def run(plan):
    prompts = numpy.array(plan["prompts"], dtype=numpy.int32)
    rows, length = prompts.shape
    params = onnxruntime_genai.GeneratorParams(model)
    total = length + plan["steps"]
    # No end before the last token, and a cache of the capacity that all peers have.
    params.set_search_options(
        batch_size=rows, do_sample=False, min_length=total, max_length=min(plan["capacity"], total + 1)
    )
    started = time.perf_counter()
    generator = onnxruntime_genai.Generator(model, params)
    generator.append_tokens(prompts)
    times = []
    for _ in range(plan["steps"]):
        generator.generate_next_token()
        times.append(1000 * (time.perf_counter() - started))
    return [times] * rows


print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
