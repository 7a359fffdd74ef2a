"""The networks whose numbers reference.py computes, as PyTorch modules; `networks.rs` has the first ones in Rust."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

import examples
import layers
from blocks import global_average, sequential

ALL = ["sgd", "sgd_momentum", "sgd_nesterov", "adam", "adam_decay", "adamw"]
FEW = ["sgd_momentum", "adam"]
# Adam divides a gradient by its own size. That of a bias before a batch norm is 0, so Adam would follow its rounding.
DESCENT = ["sgd_momentum"]


@dataclass
class Network:
    """`build` makes the model; `trained` is false where dropout leaves only the prediction to compare."""

    id: int
    name: str
    input: list
    loss: str
    build: Callable
    delta: float | None = None
    optimizers: list = ()
    step_batch: int = 16
    trained: bool = True

    def has_input_gradient(self):
        """Not where the first layers are frozen: nnet keeps nothing for a way back through them."""
        return self.name not in ("frozen_first", "frozen_body")


def lenet():
    return sequential(
        ("conv1", nn.Conv2d(1, 6, 5, padding=2)),  # [6, 28, 28]
        nn.ReLU(),
        nn.MaxPool2d(2),  # [6, 14, 14]
        ("conv2", nn.Conv2d(6, 16, 5)),  # [16, 10, 10]
        nn.ReLU(),
        nn.MaxPool2d(2),  # [16, 5, 5]
        nn.Flatten(),
        ("fc1", nn.Linear(400, 120)),
        nn.ReLU(),
        ("fc2", nn.Linear(120, 84)),
        nn.ReLU(),
        ("fc3", nn.Linear(84, 10)),
    )


def mlp():
    return sequential(
        ("fc1", nn.Linear(784, 256)),
        nn.ReLU(),
        ("fc2", nn.Linear(256, 128)),
        nn.ReLU(),
        ("fc3", nn.Linear(128, 10)),
    )


def zoo1():
    return sequential(
        ("conv1", nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0))),  # [4, 6, 8]
        nn.LeakyReLU(0.1),
        nn.AvgPool2d(2, stride=1, padding=1),  # [4, 7, 9], counts the padding
        nn.GELU(),
        ("conv2", nn.Conv2d(4, 5, 3, bias=False)),  # [5, 5, 7]
        nn.Tanh(),
        global_average(),
        ("fc1", nn.Linear(5, 7)),
        nn.Sigmoid(),
        ("fc2", nn.Linear(7, 4)),
        nn.Softmax(dim=1),
    )


def zoo2():
    return sequential(
        ("conv1", nn.Conv2d(2, 7, 3, stride=2, padding=1)),  # [7, 5, 5]
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),  # [7, 3, 3]
        nn.Flatten(),
        ("fc1", nn.Linear(63, 5)),
        nn.LogSoftmax(dim=1),
    )


def zoo3():
    return sequential(("fc1", nn.Linear(12, 9)), nn.Tanh(), ("fc2", nn.Linear(9, 6)))


def zoo4():
    return sequential(
        ("conv1", nn.Conv2d(2, 3, (2, 3))),  # [3, 6, 6]
        nn.Sigmoid(),
        nn.MaxPool2d((2, 3), stride=(2, 1)),  # [3, 3, 4]
        ("conv2", nn.Conv2d(3, 2, 1)),  # [2, 3, 4]
        nn.Flatten(),
        ("fc1", nn.Linear(24, 3)),
    )


def networks():
    image = [1, 28, 28]
    return [
        Network(16, "lenet", image, "cross_entropy", lenet, optimizers=ALL),
        Network(2, "mlp", [784], "cross_entropy", mlp, optimizers=ALL),
        Network(3, "zoo1", [3, 11, 9], "mse", zoo1, optimizers=ALL),
        Network(4, "zoo2", [2, 9, 9], "nll", zoo2, optimizers=ALL),
        Network(5, "zoo3", [12], "huber", zoo3, delta=0.25, optimizers=ALL),
        Network(6, "zoo4", [2, 7, 8], "mae", zoo4, optimizers=ALL),
        Network(20, "convolutions", [3, 11, 10], "mse", layers.convolutions),
        Network(21, "transposed", [5, 4, 3], "mse", layers.transposed),
        Network(23, "pools", [4, 13, 12], "mse", layers.pools),
        Network(22, "activations", [9], "mse", layers.activations),
        Network(24, "dropped", [2, 5, 4], "mse", layers.dropped, trained=False),
        Network(25, "sequences", [4, 23], "nll", layers.sequences, optimizers=FEW, step_batch=37),
        Network(26, "norms", [4, 6, 5], "cross_entropy", layers.norms, optimizers=DESCENT, step_batch=37),
        Network(127, "graph", [3, 8, 7], "cross_entropy", layers.Graph, optimizers=FEW, step_batch=37),
        Network(28, "outer", [2, 6, 5], "cross_entropy", layers.outer, optimizers=FEW, step_batch=37),
        Network(29, "frozen_first", [2, 6, 5], "mse", layers.frozen_first, optimizers=FEW, step_batch=37),
        Network(35, "frozen_body", [3, 5, 4], "mse", layers.frozen_body, optimizers=FEW, step_batch=37),
        Network(30, "frozen_later", [2, 5, 6], "mse", layers.frozen_later, optimizers=FEW, step_batch=37),
        Network(31, "lenet_bn", image, "cross_entropy", examples.lenet_bn, optimizers=DESCENT, step_batch=37),
        Network(321, "resnet", [3, 32, 32], "cross_entropy", examples.resnet, optimizers=FEW, step_batch=20),
        Network(207, "inception", image, "cross_entropy", examples.inception, optimizers=FEW, step_batch=37),
        Network(33, "autoencoder", image, "mse", examples.autoencoder, optimizers=FEW, step_batch=37),
    ]
