"""PyTorch on the CPU: eager, channels_last, compile, and for predictions jit."""

import gzip
import json
import os

import torch
from torch import nn
from torch.nn import functional

from peer import RATE, SAMPLES, classes, cycle, noise, request, serve


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def convolution(inputs, outputs, kernel, stride):
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """y = relu(body(x) + shortcut(x))"""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        first = convolution(inputs, outputs, 3, stride)
        self.body = nn.Sequential(first, nn.ReLU(), convolution(outputs, outputs, 3, 1))
        self.shortcut = nn.Identity() if stride == 1 else convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        return functional.relu(self.body(x) + self.shortcut(x))


def resnet():
    stages = [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    return nn.Sequential(convolution(3, 16, 3, 1), nn.ReLU(), *stages, *head)


NETWORKS = {"lenet": (lenet, (1, 28, 28)), "mlp": (mlp, (784,)), "resnet": (resnet, (3, 32, 32))}


def stepper(model, rate, mode):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, fused=True)

    def loss(x, y):
        return functional.cross_entropy(model(x), y)

    if mode == "compile":
        loss = torch.compile(loss)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        loss(x, y).backward()
        optimizer.step()

    return step, optimizer


def train(asked, model, x):
    y = torch.from_numpy(classes(SAMPLES))
    step, _ = stepper(model, RATE, asked.mode)
    batches = cycle(list(zip(x.split(asked.batch), y.split(asked.batch))))
    serve(asked, lambda: step(*next(batches)))


def predict(asked, model, x):
    model.eval()
    batches = cycle(x[: max(256, asked.batch)].split(asked.batch))
    # A traced or compiled network takes no tensors of the inference mode.
    with torch.inference_mode() if asked.mode in ("eager", "channels_last") else torch.no_grad():
        if asked.mode == "compile":
            torch._inductor.config.freezing = True
            model = torch.compile(model)
        elif asked.mode == "jit":
            model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, next(batches))))
        serve(asked, lambda: model(next(batches)))


def mnist(folder, part, layout):
    """The images, of the mean and deviation of the training images, and their digits."""

    def read(name, header):
        with gzip.open(os.path.join(folder, f"{part}-{name}-ubyte.gz")) as file:
            return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8, offset=header)

    x = read("images-idx3", 16).reshape(-1, 1, 28, 28).float().div_(255).sub_(0.1307).div_(0.3081)
    return x.contiguous(memory_format=layout), read("labels-idx1", 8).long()


def reach(asked, model, layout):
    """Trains on MNIST with a rate that rises over a twentieth of the steps and falls to zero; a line an epoch."""
    x, y = mnist(asked.data, "train", layout)
    test_x, test_y = mnist(asked.data, "t10k", layout)
    step, optimizer = stepper(model, asked.lr, asked.mode)
    batches = len(x) // asked.batch
    steps, warm, at = asked.epochs * batches, asked.epochs * batches // 20, 0
    for epoch in range(asked.epochs):
        for chosen in torch.randperm(len(x))[: batches * asked.batch].split(asked.batch):
            factor = (at + 1) / warm if at < warm else (steps - at) / (steps - warm)
            optimizer.param_groups[0]["lr"] = asked.lr * factor
            step(x[chosen], y[chosen])
            at += 1
        with torch.inference_mode():
            right = sum((model(a).argmax(1) == b).sum().item() for a, b in zip(test_x.split(1000), test_y.split(1000)))
        print(json.dumps({"epoch": epoch + 1, "accuracy": right / len(test_y)}), flush=True)


def main():
    asked = request(["eager", "channels_last", "compile", "jit"])
    torch.set_num_threads(asked.threads)
    torch.manual_seed(asked.seed)
    name, _, what = asked.task.partition("_")
    network, shape = NETWORKS[name]
    layout = torch.channels_last if asked.mode == "channels_last" else torch.contiguous_format
    model = network().to(memory_format=layout)
    if what == "99":
        reach(asked, model, layout)
        return
    x = torch.from_numpy(noise(SAMPLES, *shape)).contiguous(memory_format=layout)
    if what == "train":
        train(asked, model, x)
    else:
        predict(asked, model, x)


main()
