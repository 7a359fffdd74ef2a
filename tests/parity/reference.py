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

* Parameter number t of a network, t = 0, 1, .. in the order of state_dict
  (weight before bias, layer by layer): seed 1000 * id + t, and for weight and
  bias alike bound = 2^-ceil(log2(sqrt(fan_in))): 2^-e for the smallest e >= 0
  with 4^e >= fan_in. fan_in is in * kh * kw of a Conv2d, `in` of a Linear.
* Input of sample s: seed 1_000_000 * id + s, bound 1.
* Class label of sample s (cross_entropy, nll): (7 * s + 3) mod classes.
* Target of sample s (mse, mae, huber): seed 500_000 + 1_000_000 * id + s,
  bound 1, in the output's shape.

Batches and training
--------------------
A batch of size n holds samples 0 .. n-1. Losses use the mean: over the batch
for cross_entropy and nll, over every element for mse, mae and huber. Step i of
the ten optimizer steps, i = 0 .. 9, trains on samples 16*i .. 16*i + 15; the
loss recorded for it is the one before its update. Options that a run does not
list are PyTorch's defaults (betas 0.9 and 0.999, eps 1e-8, dampening 0).

The lenet's id is one of the few for which no sample of the largest batch comes
within MARGIN of a corner: a ReLU input of zero, two equal candidates of a
maximum, a residual of zero under mae. There an f32 run may take the other
branch, and its gradient would differ by far more than rounding. The script
stops if a network has such a sample. The ten steps carry no such promise.

Stored tensors
--------------
At most 64 elements: `shape` and `values`. Larger: `shape`, `sum`, `norm`
(Euclidean), `largest` (of the magnitudes), `projection` (the dot product with
r[k] = value(77, k, 1)) and `samples`, the values at the flat indices
floor(j * n / 48), j = 0 .. 47.
"""

import json
import math
from collections import OrderedDict
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

DTYPE = torch.float64
BATCHES = [1, 16, 37]
STEPS = 10
STEP_BATCH = 16
WHOLE = 64
SAMPLES = 48
MARGIN = 1e-6
PROJECTION_SEED = 77


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


def tensor(seed, shape, bound):
    return torch.from_numpy(values(seed, math.prod(shape), bound)).reshape(shape).to(DTYPE)


def bound_for(fan_in):
    exponent = 0
    while 4**exponent < fan_in:
        exponent += 1
    return 2.0**-exponent


# Networks -------------------------------------------------------------------


@dataclass
class Network:
    id: int
    name: str
    input: list
    loss: str
    layers: list
    delta: float | None = None

    def model(self):
        """A fresh model holding the weights of the formula; it shares no gradient with another."""
        model = nn.Sequential(OrderedDict(deepcopy(self.layers))).to(DTYPE)
        with torch.no_grad():
            for t, (name, parameter) in enumerate(model.named_parameters()):
                bound = self.bound(model, name)
                parameter.copy_(tensor(1000 * self.id + t, list(parameter.shape), bound))
        assert [name for name, _ in model.named_parameters()] == list(model.state_dict())
        return model

    def bound(self, model, name):
        weight = model.get_parameter(name.split(".")[0] + ".weight")
        return bound_for(math.prod(weight.shape[1:]))

    def inputs(self, samples):
        return torch.stack([tensor(1_000_000 * self.id + s, self.input, 1.0) for s in samples])

    def targets(self, samples, output):
        if self.loss in ("cross_entropy", "nll"):
            return torch.tensor([(7 * s + 3) % output[0] for s in samples])
        seed = 500_000 + 1_000_000 * self.id
        return torch.stack([tensor(seed + s, output, 1.0) for s in samples])

    def criterion(self):
        return criterion(self.loss, self.delta)


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


def networks():
    return [
        Network(
            id=16,
            name="lenet",
            input=[1, 28, 28],
            loss="cross_entropy",
            layers=[
                ("conv1", nn.Conv2d(1, 6, 5, padding=2)),  # [6, 28, 28]
                ("relu1", nn.ReLU()),
                ("pool1", nn.MaxPool2d(2)),  # [6, 14, 14]
                ("conv2", nn.Conv2d(6, 16, 5)),  # [16, 10, 10]
                ("relu2", nn.ReLU()),
                ("pool2", nn.MaxPool2d(2)),  # [16, 5, 5]
                ("flatten", nn.Flatten()),
                ("fc1", nn.Linear(400, 120)),
                ("relu3", nn.ReLU()),
                ("fc2", nn.Linear(120, 84)),
                ("relu4", nn.ReLU()),
                ("fc3", nn.Linear(84, 10)),
            ],
        ),
        Network(
            id=2,
            name="mlp",
            input=[784],
            loss="cross_entropy",
            layers=[
                ("fc1", nn.Linear(784, 256)),
                ("relu1", nn.ReLU()),
                ("fc2", nn.Linear(256, 128)),
                ("relu2", nn.ReLU()),
                ("fc3", nn.Linear(128, 10)),
            ],
        ),
        Network(
            id=3,
            name="zoo1",
            input=[3, 11, 9],
            loss="mse",
            layers=[
                ("conv1", nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0))),  # [4, 6, 8]
                ("leaky_relu", nn.LeakyReLU(0.1)),
                ("pool1", nn.AvgPool2d(2, stride=1, padding=1)),  # [4, 7, 9], counts the padding
                ("gelu", nn.GELU()),
                ("conv2", nn.Conv2d(4, 5, 3, bias=False)),  # [5, 5, 7]
                ("tanh", nn.Tanh()),
                ("pool2", nn.AdaptiveAvgPool2d(1)),
                ("flatten", nn.Flatten()),
                ("fc1", nn.Linear(5, 7)),
                ("sigmoid", nn.Sigmoid()),
                ("fc2", nn.Linear(7, 4)),
                ("softmax", nn.Softmax(dim=1)),
            ],
        ),
        Network(
            id=4,
            name="zoo2",
            input=[2, 9, 9],
            loss="nll",
            layers=[
                ("conv1", nn.Conv2d(2, 7, 3, stride=2, padding=1)),  # [7, 5, 5]
                ("relu", nn.ReLU()),
                ("pool1", nn.MaxPool2d(3, stride=2, padding=1)),  # [7, 3, 3]
                ("flatten", nn.Flatten()),
                ("fc1", nn.Linear(63, 5)),
                ("log_softmax", nn.LogSoftmax(dim=1)),
            ],
        ),
        Network(
            id=5,
            name="zoo3",
            input=[12],
            loss="huber",
            delta=0.25,
            layers=[
                ("fc1", nn.Linear(12, 9)),
                ("tanh", nn.Tanh()),
                ("fc2", nn.Linear(9, 6)),
            ],
        ),
        Network(
            id=6,
            name="zoo4",
            input=[2, 7, 8],
            loss="mae",
            layers=[
                ("conv1", nn.Conv2d(2, 3, (2, 3))),  # [3, 6, 6]
                ("sigmoid", nn.Sigmoid()),
                ("pool1", nn.MaxPool2d((2, 3), stride=(2, 1))),  # [3, 3, 4]
                ("conv2", nn.Conv2d(3, 2, 1)),  # [2, 3, 4]
                ("flatten", nn.Flatten()),
                ("fc1", nn.Linear(24, 3)),
            ],
        ),
    ]


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


def evaluated(network, size):
    model = network.model()
    x = network.inputs(range(size)).requires_grad_()
    output = model(x)
    loss = network.criterion()(output, network.targets(range(size), list(output.shape[1:])))
    loss.backward()
    return {
        "output": stored(output),
        "loss": loss.item(),
        "gradients": {name: stored(p.grad) for name, p in model.named_parameters()},
        "input_gradient": stored(x.grad),
    }


def corner_distances(network, size):
    """How far the batch stays from each corner: ReLU at zero, ties of a maximum, mae at zero."""
    distances = []

    def relu(_module, inputs, _output):
        distances.append(inputs[0].abs().min().item())

    def max_pool(pool, inputs, _output):
        (kh, kw), (sh, sw), (ph, pw) = (
            v if isinstance(v, tuple) else (v, v)
            for v in (pool.kernel_size, pool.stride, pool.padding)
        )
        x = functional.pad(inputs[0], (pw, pw, ph, ph), value=-math.inf)
        best, second = x.unfold(2, kh, sh).unfold(3, kw, sw).flatten(4).topk(2).values.unbind(-1)
        # A maximum of 0 is a closed ReLU: whichever element wins, no gradient passes.
        distances.append((best - second)[best > 0].min().item())

    model = network.model()
    for module in model:
        if isinstance(module, (nn.ReLU, nn.LeakyReLU)):
            module.register_forward_hook(relu)
        if isinstance(module, nn.MaxPool2d):
            module.register_forward_hook(max_pool)
    with torch.no_grad():
        output = model(network.inputs(range(size)))
    if network.loss == "mae":
        residual = output - network.targets(range(size), list(output.shape[1:]))
        distances.append(residual.abs().min().item())
    return distances


def trained(network, kind, options):
    model = network.model()
    optimizer = kind(model.parameters(), foreach=False, **options)
    losses = []
    for step in range(STEPS):
        samples = range(STEP_BATCH * step, STEP_BATCH * (step + 1))
        output = model(network.inputs(samples))
        loss = network.criterion()(output, network.targets(samples, list(output.shape[1:])))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    weights = {name: stored(p) for name, p in model.named_parameters()}
    return {"options": options, "losses": losses, "weights": weights}


def network_numbers(network):
    model = network.model()
    distances = corner_distances(network, max(BATCHES))
    assert all(d >= MARGIN for d in distances), f"{network.name}: corners at {distances}"
    result = {
        "id": network.id,
        "input": network.input,
        "output": list(model(network.inputs([0])).shape[1:]),
        "loss": network.loss,
    }
    if network.delta is not None:
        result["delta"] = network.delta
    result["parameters"] = [
        {"name": name, "shape": list(p.shape), "bound": network.bound(model, name)}
        for name, p in model.named_parameters()
    ]
    result["batches"] = {str(size): evaluated(network, size) for size in BATCHES}
    result["optimizers"] = {
        name: trained(network, kind, options) for name, (kind, options) in OPTIMIZERS.items()
    }
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
