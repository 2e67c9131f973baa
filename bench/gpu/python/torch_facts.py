"""PyTorch of this machine as one line of JSON: versions, device, the bandwidth of a copy in its memory, folders of CUDA's libraries."""

import glob
import json
import os
import time

import torch

try:
    import transformers

    transformers_version = transformers.__version__
except ImportError:
    transformers_version = "missing"

device = "cuda" if torch.cuda.is_available() else "cpu"
floats = torch.bfloat16 if device == "cuda" else torch.float32


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def copy_bandwidth():
    """Bytes read and written per second: the fastest of some copies of 256 MiB."""
    source = torch.ones(1 << 26, dtype=torch.float32, device=device)
    target = torch.empty_like(source)
    fastest = float("inf")
    for _ in range(20):
        wait()
        started = time.perf_counter()
        target.copy_(source)
        wait()
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * source.numel() * source.element_size() / fastest


packages = os.path.dirname(os.path.dirname(torch.__file__))
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "transformers": transformers_version,
            "device": device,
            "dtype": str(floats).removeprefix("torch."),
            "name": torch.cuda.get_device_name() if device == "cuda" else "the CPU",
            "bandwidth": {"bytesPerSecond": copy_bandwidth(), "by": "a copy by PyTorch"},
            "libraries": sorted(glob.glob(os.path.join(packages, "nvidia", "*", "lib"))),
        }
    )
)
