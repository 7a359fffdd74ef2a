"""The example networks; `examples.rs` has the same."""

from torch import nn

from blocks import Concat, Residual, global_average, sequential


def lenet_bn():
    return sequential(
        ("conv1", nn.Conv2d(1, 6, 5, padding=2, bias=False)),  # [6, 28, 28]
        ("bn1", nn.BatchNorm2d(6)),
        nn.ReLU(),
        nn.MaxPool2d(2),  # [6, 14, 14]
        ("conv2", nn.Conv2d(6, 16, 5, bias=False)),  # [16, 10, 10]
        ("bn2", nn.BatchNorm2d(16)),
        nn.ReLU(),
        nn.MaxPool2d(2),  # [16, 5, 5]
        nn.Flatten(),
        ("fc1", nn.Linear(400, 120)),
        ("bn3", nn.BatchNorm1d(120)),
        nn.ReLU(),
        ("fc2", nn.Linear(120, 84)),
        ("bn4", nn.BatchNorm1d(84)),
        nn.ReLU(),
        ("fc3", nn.Linear(84, 10)),
    )


def residual_block(inputs, outputs, stride):
    shortcut = None
    if stride != 1:
        shortcut = sequential(
            ("conv", nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)), ("bn", nn.BatchNorm2d(outputs))
        )
    return Residual(
        ("conv1", nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)),
        ("bn1", nn.BatchNorm2d(outputs)),
        nn.ReLU(),
        ("conv2", nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)),
        ("bn2", nn.BatchNorm2d(outputs)),
        shortcut=shortcut,
    )


def resnet():
    return sequential(
        ("conv", nn.Conv2d(3, 16, 3, padding=1, bias=False)),  # [16, 32, 32]
        ("bn", nn.BatchNorm2d(16)),
        nn.ReLU(),
        ("stage1", residual_block(16, 16, 1)),
        nn.ReLU(),
        ("stage2", residual_block(16, 32, 2)),  # [32, 16, 16]
        nn.ReLU(),
        ("stage3", residual_block(32, 64, 2)),  # [64, 8, 8]
        nn.ReLU(),
        global_average(),
        ("fc", nn.Linear(64, 10)),
    )


def unit(inputs, outputs, kernel):
    """A convolution that keeps the size, normalized."""
    return sequential(
        ("conv", nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)),
        ("bn", nn.BatchNorm2d(outputs)),
        nn.ReLU(),
    )


def inception_block(inputs, a, b, c, d):
    return Concat(
        ("a", unit(inputs, a, 1)),
        ("b", sequential(("reduce", unit(inputs, b[0], 1)), ("conv", unit(b[0], b[1], 3)))),
        ("c", sequential(("reduce", unit(inputs, c[0], 1)), ("conv", unit(c[0], c[1], 5)))),
        ("d", sequential(nn.AvgPool2d(3, stride=1, padding=1), ("project", unit(inputs, d, 1)))),
    )


def inception():
    return sequential(
        ("conv1", nn.Conv2d(1, 8, 5, stride=2, padding=2, bias=False)),  # [8, 14, 14]
        ("bn1", nn.BatchNorm2d(8)),
        nn.ReLU(),
        ("block1", inception_block(8, 4, (4, 6), (2, 3), 3)),  # [16, 14, 14]
        nn.MaxPool2d(2),  # [16, 7, 7]
        ("block2", inception_block(16, 8, (6, 8), (2, 4), 4)),  # [24, 7, 7]
        global_average(),
        ("fc", nn.Linear(24, 10)),
    )


def autoencoder():
    return sequential(
        (
            "encoder",
            sequential(
                ("conv1", nn.Conv2d(1, 8, 3, stride=2, padding=1)),  # [8, 14, 14]
                nn.ReLU(),
                ("conv2", nn.Conv2d(8, 4, 3, stride=2, padding=1)),  # [4, 7, 7]
                nn.ReLU(),
            ),
        ),
        (
            "decoder",
            sequential(
                ("up1", nn.ConvTranspose2d(4, 8, 3, stride=2, padding=1, output_padding=1)),  # [8, 14, 14]
                nn.ReLU(),
                ("up2", nn.ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1)),  # [1, 28, 28]
                nn.Sigmoid(),
            ),
        ),
    )
