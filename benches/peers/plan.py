"""What is measured: the tasks, and the peers' modes for each."""

from itertools import product
from typing import NamedTuple


class Task(NamedTuple):
    task: str
    batch: int
    threads: int


TASKS = [
    *(Task("lenet_train", batch, threads) for threads, batch in product([1, 2], [16, 64, 256])),
    *(Task("lenet_predict_batch", 256, threads) for threads in [1, 2]),
    Task("lenet_latency", 1, 1),
    *(Task("mlp_train", 64, threads) for threads in [1, 2]),
    *(Task("resnet_train", 32, threads) for threads in [1, 2]),
]

# For each peer and the beginning of a task, the modes. A task without one is not the peer's.
MODES = {
    "torch": {
        "lenet_train": ["eager", "channels_last", "compile"],
        "lenet_predict_batch": ["eager", "channels_last", "compile", "jit"],
        "lenet_latency": ["eager", "compile", "jit"],
        "mlp_train": ["eager", "compile"],
        "resnet_train": ["eager", "channels_last", "compile"],
    },
    "onnxruntime": {"lenet_predict_batch": ["run", "iobinding"], "lenet_latency": ["run", "iobinding"]},
    "jax": {
        "lenet_train": ["step", "scan"],
        "lenet_predict_batch": ["step"],
        "lenet_latency": ["step"],
        "mlp_train": ["step", "scan"],
        "resnet_train": ["step", "scan"],
    },
    "burn": {task.task: ["flex"] for task in TASKS},
    "candle": {task.task: ["default"] for task in TASKS},
}

PEERS = list(MODES)

# Time to 99.0 % on MNIST's test images, from the start of the process: the recipe, and the seeds.
REACH = Task("lenet_99", 32, 2)
RECIPE = ["--epochs", "3", "--batch", "32", "--threads", "2", "--lr", "0.03"]
SEEDS = [0, 1, 2]
REACH_MODES = {"torch": ["eager", "channels_last"]}
