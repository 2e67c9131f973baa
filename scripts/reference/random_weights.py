"""Random weights with which each part of a model matters."""

import torch


@torch.no_grad()
def randomise(model):
    """Matrices that keep the size of what they read, norms and biases that matter."""
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
            else:
                # Conv1D keeps its weight input by output.
                inputs = parameter.shape[0 if type(module).__name__ == "Conv1D" else -1]
                parameter.copy_(1.7 * torch.randn_like(parameter) / inputs**0.5)
