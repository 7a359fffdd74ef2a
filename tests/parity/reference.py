"""Reference numbers for tests/parity, computed by PyTorch in float64 on one thread.

In a virtual environment kept outside the repository (a CPU is enough),

    pip install torch numpy
    python tests/parity/reference.py

writes reference.json beside this file. The version of torch is recorded in it;
another version, or another processor, may move the last digits. `reference.rs`
reads the file and repeats the formulas below.

Numbers both sides make
-----------------------
Weights, inputs and targets are not stored. Element k (the flat, row-major
index) of the tensor with a given seed and bound is

    z  = seed + (k + 1) * 0x9E3779B97F4A7C15            all in wrapping u64
    z  = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
    z  = (z ^ (z >> 27)) * 0x94D049BB133111EB
    z  =  z ^ (z >> 31)
    u  = (z >> 41) * 2^-23                              in [0, 1)
    value(seed, k, bound) = (2u - 1) * bound            in [-bound, bound)

Every bound is a power of two, so each value is exact in f32 and in f64.

* Tensor number t of a network, t = 0, 1, .. in the order of state_dict (the
  counters of batch norms left out): seed 1000 * id + t, and added to a center.
  Center 0 and, for weight and bias alike, bound = 2^-ceil(log2(sqrt(fan_in)))
  in a linear layer or a convolution: 2^-e for the smallest e >= 0 with
  4^e >= fan_in, fan_in being the entries of the weight divided by its first
  dimension. Normalizations: weights and running variances 1 with bound 1/2,
  biases and running means 0 with bound 1/2. PReLU: 1/4 with bound 1/4.
* Input of sample s: seed 1_000_000 * id + s, bound 1.
* Class label of sample s (cross_entropy, nll): (7 * s + 3) mod classes.
* Target of sample s (mse, mae, huber): seed 500_000 + 1_000_000 * id + s,
  bound 1, in the output's shape.

Batches and training
--------------------
A batch of size n holds samples 0 .. n-1. Losses use the mean: over the batch
for cross_entropy and nll, over every element for mse, mae and huber. Of each
batch are stored

* the prediction (model.eval()), if it differs from the output in training;
* what training gives: output, loss, the gradients of the parameters that learn
  and of the input, and the running statistics after it. There is none of a
  single sample where a batch norm would see one value, nor of a network with
  dropout, whose masks are each side's own.

Step i of the ten optimizer steps, i = 0 .. 9, trains on step_batch samples from
number step_batch * i on; the loss recorded for it is the one before its update.
Options that a run does not list are PyTorch's defaults (betas 0.9 and 0.999,
eps 1e-8, dampening 0).

A network's id is one of those with which f32 can be compared with f64: no
sample of a batch comes close to a corner, and PyTorch's own f32 is accurate.
corners.py says more, and finds ids. The script stops where one does not fit.
The ten steps, compared in f64 only, carry no such promise.

Stored tensors
--------------
At most 64 elements: `shape` and `values`. Larger: `shape`, `sum`, `norm`
(Euclidean), `largest` (of the magnitudes), `projection` (the dot product with
r[k] = value(77, k, 1)) and `samples`, the values at the flat indices
floor(j * n / 48), j = 0 .. 47. A gradient that is zero but for rounding:
`shape` and `zero_beside`, the largest gradient of the network.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from blocks import Hardsigmoid
from corners import check_corners, check_rounding
from networks import networks

DTYPE = torch.float64
BATCHES = [1, 16, 37, 64]
STEPS = 10
WHOLE = 64
SAMPLES = 48
# A gradient below this share of the network's largest is one of zero.
NOTHING = 1e-13
PROJECTION_SEED = 77
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)


# Numbers both sides make ----------------------------------------------------


def values(seed, count, bound):
    """value(seed, k, bound) for k in 0 .. count, as float64."""
    k = np.arange(1, count + 1, dtype=np.uint64)
    z = np.full(count, seed, dtype=np.uint64) + k * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(41)).astype(np.float64) * 2.0**-23
    result = (2.0 * u - 1.0) * bound
    assert np.array_equal(result, result.astype(np.float32))
    return result


def tensor(seed, shape, bound, center=0.0):
    result = center + values(seed, math.prod(shape), bound)
    assert np.array_equal(result, result.astype(np.float32))
    return torch.from_numpy(result).reshape(shape).to(DTYPE)


def bound_for(fan_in):
    exponent = 0
    while 4**exponent < fan_in:
        exponent += 1
    return 2.0**-exponent


# Models -----------------------------------------------------------------------


def state(model):
    """The tensors of the state_dict that nnet has too: all but the counters of batch norms."""
    return {name: t for name, t in model.state_dict().items() if not name.endswith("num_batches_tracked")}


def center_and_bound(model, name):
    """Where the values of a tensor lie, from its layer's kind."""
    layer, _, kind = name.rpartition(".")
    module = model.get_submodule(layer)
    if isinstance(module, nn.PReLU):
        return 0.25, 0.25
    if isinstance(module, NORMS):
        return (1.0 if kind in ("weight", "running_var") else 0.0), 0.5
    return 0.0, bound_for(math.prod(module.weight.shape[1:]))


def made(network):
    """A fresh model in training, with the weights of the formula."""
    model = network.build().to(DTYPE)
    model.train()
    for t, (name, values) in enumerate(state(model).items()):
        center, bound = center_and_bound(model, name)
        with torch.no_grad():
            values.copy_(tensor(1000 * network.id + t, list(values.shape), bound, center))
    return model


def inputs(network, samples):
    return torch.stack([tensor(1_000_000 * network.id + s, network.input, 1.0) for s in samples])


def targets(network, samples, output):
    if network.loss in ("cross_entropy", "nll"):
        return torch.tensor([(7 * s + 3) % output[0] for s in samples])
    seed = 500_000 + 1_000_000 * network.id
    return torch.stack([tensor(seed + s, output, 1.0) for s in samples])


def mean_loss(network, output, samples):
    return criterion(network.loss, network.delta)(output, targets(network, samples, list(output.shape[1:])))


def criterion(loss, delta=None):
    if loss == "huber":
        return nn.HuberLoss(delta=delta)
    losses = {
        "cross_entropy": nn.CrossEntropyLoss,
        "nll": nn.NLLLoss,
        "mse": nn.MSELoss,
        "mae": nn.L1Loss,
    }
    return losses[loss]()


def smallest_batch(model, network):
    """2 if a batch norm sees one value a sample, which has no variance; else 1."""
    try:
        model(inputs(network, [0]))
    except ValueError as error:
        assert "more than 1 value per channel" in str(error)
        return 2
    return 1


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.01}),
    "sgd_momentum": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-3}),
    "sgd_nesterov": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    "adam": (torch.optim.Adam, {"lr": 1e-3}),
    "adam_decay": (torch.optim.Adam, {"lr": 1e-3, "weight_decay": 1e-2}),
    "adamw": (torch.optim.AdamW, {"lr": 1e-3, "weight_decay": 1e-2}),
}


# What is stored -------------------------------------------------------------


def stored(array):
    shape = list(array.shape)
    flat = array.detach().to(torch.float64).reshape(-1).tolist()
    if len(flat) <= WHOLE:
        return {"shape": shape, "values": flat}
    r = values(PROJECTION_SEED, len(flat), 1.0).tolist()
    return {
        "shape": shape,
        "sum": math.fsum(flat),
        "norm": math.sqrt(math.fsum(v * v for v in flat)),
        "largest": max(abs(v) for v in flat),
        "projection": math.fsum(a * b for a, b in zip(r, flat)),
        "samples": [flat[j * len(flat) // SAMPLES] for j in range(SAMPLES)],
    }


def stored_gradients(model):
    """Those of the parameters that learn. Without effect, as a bias before a batch norm, one is rounding only."""
    gradients = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    scale = max(g.abs().max().item() for g in gradients.values())
    return {
        name: stored(g) if g.abs().max() > NOTHING * scale else {"shape": list(g.shape), "zero_beside": scale}
        for name, g in gradients.items()
    }


def evaluated(network, size):
    model = made(network)
    samples = range(size)
    x = inputs(network, samples)
    result = {}
    moving = any(name.endswith("running_var") for name in state(model))
    if moving or not network.trained:
        with torch.no_grad():
            result["prediction"] = stored(model.eval()(x))
        model.train()
    if network.trained and size >= smallest_batch(made(network), network):
        x.requires_grad_()
        output = model(x)
        loss = mean_loss(network, output, samples)
        loss.backward()
        result["training"] = {
            "output": stored(output),
            "loss": loss.item(),
            "gradients": stored_gradients(model),
            "statistics": {name: stored(t) for name, t in state(model).items() if "running_" in name},
        }
        if network.has_input_gradient():
            result["training"]["input_gradient"] = stored(x.grad)
    return result


def trained(network, kind, options):
    model = made(network)
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = kind(learning, foreach=False, **options)
    losses = []
    for step in range(STEPS):
        samples = range(network.step_batch * step, network.step_batch * (step + 1))
        loss = mean_loss(network, model(inputs(network, samples)), samples)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    weights = {name: stored(t) for name, t in state(model).items()}
    return {"options": options, "losses": losses, "weights": weights}


def network_numbers(network):
    if network.trained:
        check_corners(network)
        check_rounding(network)
    model = made(network)
    result = {
        "id": network.id,
        "input": network.input,
        "output": list(model.eval()(inputs(network, [0])).shape[1:]),
        "loss": network.loss,
        "step_batch": network.step_batch,
    }
    if network.delta is not None:
        result["delta"] = network.delta
    result["parameters"] = [
        {"name": name, "shape": list(t.shape)} | dict(zip(("center", "bound"), center_and_bound(model, name)))
        for name, t in state(model).items()
    ]
    result["batches"] = {str(size): evaluated(network, size) for size in BATCHES}
    result["optimizers"] = {name: trained(network, *OPTIMIZERS[name]) for name in network.optimizers}
    return result


# Schedules, losses, activations ---------------------------------------------


def rates(lr, count, schedule):
    """The learning rate of steps 0 .. count; the schedule moves after each step."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    scheduler = schedule(optimizer)
    result = []
    for step in range(count):
        result.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step + 1 < count:
            scheduler.step()
    return result


def schedules():
    kinds = torch.optim.lr_scheduler
    return {
        "step": rates(0.1, 25, lambda o: kinds.StepLR(o, step_size=5, gamma=0.5)),
        "cosine": rates(0.1, 21, lambda o: kinds.CosineAnnealingLR(o, T_max=20, eta_min=0.001)),
        "one_cycle": rates(0.1, 25, lambda o: kinds.OneCycleLR(o, max_lr=0.1, total_steps=25)),
        "warmup": rates(0.1, 25, lambda o: kinds.LinearLR(o, start_factor=0.1, total_iters=5)),
    }


def loss_case(loss, x, *, target=None, labels=None, delta=None):
    x = torch.tensor(x, dtype=DTYPE, requires_grad=True)
    result = {"loss": loss, "input": stored(x)}
    if labels is not None:
        wanted = torch.tensor(labels)
        result["labels"] = labels
    else:
        wanted = torch.tensor(target, dtype=DTYPE)
        result["target"] = stored(wanted)
    if delta is not None:
        result["delta"] = delta
    value = criterion(loss, delta)(x, wanted)
    value.backward()
    result["value"] = value.item()
    result["gradient"] = stored(x.grad)
    return result


def losses():
    """Every number is exact in f32. The residuals hold 0, +-1/4 and +-1: the corners of mae and huber."""
    logits = [
        [1000.0, -1000.0, 0.0, 2.0],
        [-1000.0, -1000.0, -1000.0, -1000.0],
        [1000.0, 1000.0, 999.0, -1000.0],
        [0.5, -1.25, 2.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    ]
    log_probabilities = [[-0.5, -1.25, -3.0], [-2.0, -0.125, -4.5], [-0.0, -1000.0, -1000.0]]
    x = [[0.5, -0.75, 2.0, 0.0, 1.5], [-3.0, 0.25, 1.0, -0.5, 100.0]]
    target = [[0.5, -1.0, 1.0, -0.125, 1.75], [-2.0, -0.25, 4.0, -0.375, -100.0]]
    return {
        "cross_entropy": loss_case("cross_entropy", logits, labels=[1, 2, 0, 3, 1]),
        "nll": loss_case("nll", log_probabilities, labels=[2, 1, 0]),
        "mse": loss_case("mse", x, target=target),
        "mae": loss_case("mae", x, target=target),
        "huber_1": loss_case("huber", x, target=target, delta=1.0),
        "huber_0.25": loss_case("huber", x, target=target, delta=0.25),
    }


def activations():
    """y = f(x) and dx, the gradient of sum(dy * y); dy is 1 where f acts on each element alone."""
    small = [2.0**-100, 2.0**-40, 2.0**-20, 2.0**-10]
    large = [0.125, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0, 9.0, 15.0, 30.0]
    positive = small + large
    x = [-v for v in reversed(positive)] + [0.0] + positive
    ones = [1.0] * len(x)
    logits = [-30.0, -4.5, -1.0, -(2.0**-20), 0.0, 2.0**-40, 0.5, 1.5, 2.0, 30.0]
    moderate = [-3.0, -1.0, -0.5, -(2.0**-20), 0.0, 2.0**-40, 0.25, 0.5, 1.5, 2.0]
    upstream = [1.0, -0.5, 0.25, 2.0, -1.0, 0.75, 0.5, -0.25, 1.5, -2.0]
    cases = {
        "relu": (functional.relu, x, ones),
        "leaky_relu": (lambda v: functional.leaky_relu(v, 0.01), x, ones),
        "sigmoid": (torch.sigmoid, x, ones),
        "tanh": (torch.tanh, x, ones),
        "gelu": (functional.gelu, x, ones),
        "relu6": (functional.relu6, x, ones),
        "elu": (lambda v: functional.elu(v, 0.7), x, ones),
        "selu": (functional.selu, x, ones),
        "silu": (functional.silu, x, ones),
        "mish": (functional.mish, x, ones),
        "softplus": (lambda v: functional.softplus(v, 0.5, 5.0), x, ones),
        "softsign": (functional.softsign, x, ones),
        "hard_sigmoid": (Hardsigmoid(), x, ones),
        "hard_swish": (functional.hardswish, x, ones),
        "softmax": (lambda v: functional.softmax(v, dim=0), moderate, upstream),
        "softmax_far": (lambda v: functional.softmax(v, dim=0), logits, upstream),
        "log_softmax": (lambda v: functional.log_softmax(v, dim=0), moderate, upstream),
        "log_softmax_far": (lambda v: functional.log_softmax(v, dim=0), logits, upstream),
    }
    result = {}
    for name, (function, points, dy) in cases.items():
        at = torch.tensor(points, dtype=DTYPE, requires_grad=True)
        y = function(at)
        y.backward(torch.tensor(dy, dtype=DTYPE))
        result[name] = {"x": points, "dy": dy, "y": stored(y), "dx": stored(at.grad)}
    return result


def formula():
    cases = [(0, 0, 1.0), (77, 0, 1.0), (1000, 0, 0.125), (6_500_036, 2, 1.0), (2**64 - 1, 9, 0.5)]
    return [
        {"seed": seed, "k": k, "bound": bound, "value": float(values(seed, k + 1, bound)[k])}
        for seed, k, bound in cases
    ]


def compact(node):
    """JSON with one line for each object or list that holds no object."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    if not any(isinstance(child, dict) for child in children):
        return json.dumps(node, separators=(",", ":"), allow_nan=False)
    if isinstance(node, list):
        return "[\n" + ",\n".join(compact(child) for child in node) + "\n]"
    pairs = (f"{json.dumps(key)}:{compact(child)}" for key, child in node.items())
    return "{\n" + ",\n".join(pairs) + "\n}"


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    numbers = {
        "torch": torch.__version__,
        "formula": formula(),
        "networks": {network.name: network_numbers(network) for network in networks()},
        "schedules": schedules(),
        "losses": losses(),
        "activations": activations(),
    }
    path = Path(__file__).with_name("reference.json")
    path.write_text(compact(numbers) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
