"""What the networks are put together from: layers with names and without, residuals, concatenations, sums.

Names in the state_dict are those that nnet gives: of attributes, of entries of an nn.Sequential, and for a layer
with parameters but without a name its type and its position.
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional


def children(entries):
    """Names for entries without one: their positions."""
    return OrderedDict(e if isinstance(e, tuple) else (str(i), e) for i, e in enumerate(entries))


def sequential(*entries):
    return nn.Sequential(children(entries))


class Residual(nn.Sequential):
    """The sum of what the children give one after the other and the input, or the child `shortcut` of the input."""

    def __init__(self, *entries, shortcut=None):
        super().__init__(children(entries))
        if shortcut is not None:
            self.shortcut = shortcut

    def forward(self, x):
        y, way = x, x
        for name, child in self.named_children():
            if name == "shortcut":
                way = child(x)
            else:
                y = child(y)
        return y + way


class Concat(nn.Sequential):
    def __init__(self, *entries):
        super().__init__(children(entries))

    def forward(self, x):
        return torch.cat([child(x) for child in self], dim=1)


class Add(nn.Sequential):
    def __init__(self, *entries):
        super().__init__(children(entries))

    def forward(self, x):
        return sum(child(x) for child in self)


def frozen(module):
    """The module in evaluation for good, its parameters without gradients."""
    module.requires_grad_(False).eval()
    module.train = lambda mode=True: module
    return module


class Hardsigmoid(nn.Hardsigmoid):
    """That of PyTorch goes back with 1/6 in f32, whatever the type of its input."""

    def forward(self, x):
        return functional.relu6(x + 3) / 6


def global_average():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
