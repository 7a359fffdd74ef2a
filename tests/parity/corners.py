"""Whether f32 can be compared with f64 in a network: how far its batches stay from corners, where f32 may take another
branch than f64, and how much the rounding of f32 is magnified.

The corners: the inputs at which a ReLU and its relatives bend, two equal candidates of a maximum, a residual of zero
under mae. Beyond one, a gradient differs by far more than rounding. Magnified is the rounding of sums that cancel, as
the gradients behind a batch norm do; how much is measured with PyTorch's own f32.

    python tests/parity/corners.py resnet 32

prints the first id from 32 on with which f32 and f64 can be compared in the network resnet.
"""

import math
import sys

import torch
from torch import nn
from torch.nn import functional

# How far from a corner at least.
MARGIN = 1e-6
# How far PyTorch's own f32 may be from f64, relative to the largest value of a tensor.
ROUNDING = 7e-6


class Unsuitable(Exception):
    """A corner is too close, or rounding too large."""


def bends(module):
    """Where the derivative of an activation jumps; nothing for smooth ones."""
    if isinstance(module, (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.SELU)):
        return [0.0]
    if isinstance(module, nn.ELU):
        return [] if module.alpha == 1.0 else [0.0]
    if isinstance(module, nn.ReLU6):
        return [0.0, 6.0]
    if isinstance(module, (nn.Hardsigmoid, nn.Hardswish)):
        return [-3.0, 3.0]
    if isinstance(module, nn.Softplus):
        return [module.threshold / module.beta]
    return []


def check_bends(module, args, _output):
    for bend in bends(module):
        keep_away(module, (args[0] - bend).abs().min().item())


def check_maximum(pool, args, _output):
    x = args[0]
    if isinstance(pool, nn.MaxPool1d):
        x = x.unsqueeze(2)
        sizes = [(1, v) for v in (pool.kernel_size, pool.stride, pool.dilation)]
        padding = (0, pool.padding)
    else:
        sizes = [pair(v) for v in (pool.kernel_size, pool.stride, pool.dilation)]
        padding = pair(pool.padding)
    (kh, kw), (sh, sw), (dh, dw) = sizes
    x = functional.pad(x, (padding[1], padding[1], padding[0], padding[0]), value=-math.inf)
    windows = x.unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kw - 1) + 1, sw)[..., ::dh, ::dw]
    best, second = windows.flatten(4).topk(2).values.unbind(-1)
    # A maximum of 0 is a closed ReLU: whichever element wins, no gradient passes.
    keep_away(pool, (best - second)[best != 0].min().item())


def pair(v):
    return v if isinstance(v, tuple) else (v, v)


def keep_away(what, distance):
    if not distance >= MARGIN:
        raise Unsuitable(f"{what}: {distance:.1e} from a corner")


def check_corners(network):
    """Raises Unsuitable if a batch of the network is too close to one."""
    from reference import BATCHES, inputs, made, smallest_batch, targets

    model = made(network)
    smallest = smallest_batch(made(network), network)
    for module in model.modules():
        module.register_forward_hook(check_maximum if isinstance(module, (nn.MaxPool1d, nn.MaxPool2d)) else check_bends)
    for size in sorted((size for size in BATCHES if size >= smallest), reverse=True):
        with torch.no_grad():
            output = model(inputs(network, range(size)))
        if network.loss == "mae":
            residual = output - targets(network, range(size), list(output.shape[1:]))
            keep_away("mae", residual.abs().min().item())


def results(network, size, dtype):
    """Output and gradients."""
    from reference import criterion, inputs, made, targets

    model = made(network).to(dtype)
    x = inputs(network, range(size)).to(dtype).requires_grad_()
    output = model(x)
    wanted = targets(network, range(size), list(output.shape[1:]))
    wanted = wanted.to(dtype) if wanted.is_floating_point() else wanted
    criterion(network.loss, network.delta)(output, wanted).backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    return gradients | {"output": output.detach(), "input": x.grad}


def check_rounding(network):
    """Raises Unsuitable if PyTorch's own f32 differs from its f64."""
    from reference import BATCHES, NOTHING, made, smallest_batch

    smallest = smallest_batch(made(network), network)
    for size in (size for size in BATCHES if size >= smallest):
        double, single = (results(network, size, dtype) for dtype in (torch.float64, torch.float32))
        most = max(value.abs().max() for value in double.values())
        for name, want in double.items():
            error, largest = (want - single[name].double()).abs().max(), want.abs().max()
            if largest > NOTHING * most and not error <= ROUNDING * largest:
                raise Unsuitable(f"{name} of {size}: {error / largest:.1e} of rounding")


def main():
    from networks import networks

    name, first = sys.argv[1:]
    network = next(network for network in networks() if network.name == name)
    network.id = int(first)
    while True:
        try:
            check_corners(network)
            check_rounding(network)
        except Unsuitable as why:
            print(f"{network.id}: {why}", file=sys.stderr)
            network.id += 1
        else:
            print(network.id)
            return


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
