"""OpenVINO GenAI's continuous batching: a line with a plan in, a line with the times of each row's tokens out.

python openvino_batching.py <folder> <threads> <cache GiB>
"""

import json
import sys
import time

import numpy
import openvino
import openvino_genai

folder, threads, cache = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
scheduler = openvino_genai.SchedulerConfig()
scheduler.cache_size = cache
scheduler.enable_prefix_caching = False
pipe = openvino_genai.ContinuousBatchingPipeline(folder, scheduler, "CPU", {"INFERENCE_NUM_THREADS": threads})


def run(plan):
    config = openvino_genai.GenerationConfig(
        max_new_tokens=plan["steps"] + plan["stagger"], ignore_eos=True, do_sample=False
    )
    prompts = [openvino.Tensor(numpy.array([ids], dtype=numpy.int64)) for ids in plan["prompts"]]
    started = time.perf_counter()
    handles = [pipe.add_request(row, prompt, config) for row, prompt in enumerate(prompts)]
    times = [[] for _ in handles]
    while pipe.has_non_finished_requests():
        pipe.step()
        now = 1000 * (time.perf_counter() - started)
        for row, handle in enumerate(handles):
            while handle.can_read():
                for output in handle.read().values():
                    times[row].extend(now for _ in output.generated_ids)
    return times


print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
