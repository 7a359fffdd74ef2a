"""Networks that use each layer and each block with other arguments than the first ones do; `layers.rs` has the same."""

import torch
from torch import nn

from blocks import Add, Concat, Hardsigmoid, Residual, frozen, global_average, sequential


def convolutions():
    return sequential(
        ("conv1", nn.Conv2d(3, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 3))),  # [6, 6, 7]
        nn.SiLU(),
        ("conv2", nn.Conv2d(6, 8, (4, 2), padding="same", dilation=(1, 3), groups=2)),  # [8, 6, 7]
        nn.Mish(),
        ("conv3", nn.Conv2d(8, 16, 3, (1, 2), (1, 0), groups=8, bias=False)),  # [16, 6, 3]
        nn.Tanh(),
        ("conv4", nn.Conv2d(16, 16, (3, 2), groups=16, dilation=(2, 1))),  # [16, 2, 2]
        nn.Softplus(),
        ("conv5", nn.Conv2d(16, 5, 1, stride=(1, 2))),  # [5, 2, 1]
    )


def transposed():
    return sequential(
        ("up1", nn.ConvTranspose2d(5, 6, (3, 2), (2, 3), (1, 0), output_padding=(1, 2))),  # [6, 8, 10]
        nn.Softsign(),
        ("up2", nn.ConvTranspose2d(6, 4, 3, padding=1, groups=2, bias=False, dilation=(2, 1))),  # [4, 10, 10]
        nn.Sigmoid(),
        ("up3", nn.ConvTranspose2d(4, 4, (1, 2), stride=(1, 2), groups=4)),  # [4, 10, 20]
        nn.GELU(),
        ("conv", nn.Conv2d(4, 2, 3, stride=3)),  # [2, 3, 6]
    )


def pools():
    return sequential(
        nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, dilation=(1, 2)),  # [4, 7, 12]
        ("conv1", nn.Conv2d(4, 6, 3, padding=1)),  # [6, 7, 12]
        nn.Dropout2d(0.0),
        nn.ELU(0.7),
        nn.AvgPool2d(3, stride=(2, 3), padding=1, count_include_pad=False),  # [6, 4, 4]
        nn.ZeroPad2d((1, 0, 2, 1)),  # [6, 7, 5]
        nn.Upsample(scale_factor=(2, 3)),  # [6, 14, 15]
        ("conv2", nn.Conv2d(6, 4, 3, stride=2)),  # [4, 6, 7]
        nn.SELU(),
        nn.AvgPool2d((2, 3), stride=1, padding=1),  # [4, 7, 7]
        nn.Upsample(scale_factor=2, mode="bilinear"),  # [4, 14, 14]
        ("conv3", nn.Conv2d(4, 3, 3, stride=2, padding=1)),  # [3, 7, 7]
        nn.Tanh(),
        nn.Upsample(scale_factor=(2, 3), mode="bilinear", align_corners=True),  # [3, 14, 21]
        nn.AdaptiveAvgPool2d((3, 4)),
        ("conv4", nn.Conv2d(3, 2, 2)),  # [2, 2, 3]
        global_average(),
        nn.Dropout(0.0),
        ("fc1", nn.Linear(2, 3)),
    )


def activations():
    return sequential(
        ("fc1", nn.Linear(9, 12)),
        Add(*(nn.Identity() for _ in range(5))),  # so far from 0 that every branch is taken
        Concat(
            nn.ReLU(),
            nn.LeakyReLU(0.2),
            nn.ReLU6(),
            nn.ELU(0.5),
            nn.SELU(),
            nn.GELU(),
            nn.SiLU(),
            nn.Mish(),
            nn.Softplus(2.0, 3.0),
            nn.Softsign(),
            nn.Sigmoid(),
            Hardsigmoid(),
            nn.Hardswish(),
            nn.Tanh(),
            nn.Softmax(dim=1),
            nn.LogSoftmax(dim=1),
        ),  # [192]
        ("fc2", nn.Linear(192, 4)),
    )


def dropped():
    return sequential(
        ("conv1", nn.Conv2d(2, 4, 3, padding=1)),  # [4, 5, 4]
        nn.Dropout2d(0.25),
        nn.Tanh(),
        nn.Flatten(),
        nn.Dropout(),
        ("fc1", nn.Linear(80, 3)),
        nn.Dropout(1.0),
    )


def sequences():
    return sequential(
        ("conv1", nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2)),  # [6, 11]
        ("prelu", nn.PReLU(6)),
        ("conv2", nn.Conv1d(6, 6, 4, padding="same", groups=3, bias=False)),  # [6, 11]
        ("bn", nn.BatchNorm1d(6, eps=1e-3, momentum=0.3)),
        nn.Tanh(),
        nn.MaxPool1d(3, stride=1, padding=1, dilation=2),  # [6, 9]
        ("conv3", nn.Conv1d(6, 12, 2, groups=6)),  # [12, 8]
        ("gn", nn.GroupNorm(4, 12)),
        nn.AvgPool1d(3, stride=2, padding=1),  # [12, 4]
        nn.AvgPool1d(2, stride=1, padding=1, count_include_pad=False),  # [12, 5]
        nn.AdaptiveAvgPool1d(3),
        ("ln", nn.LayerNorm([12, 3])),
        nn.Flatten(),
        ("fc1", nn.Linear(36, 4)),
        nn.LogSoftmax(dim=1),
    )


def norms():
    return sequential(
        ("conv1", nn.Conv2d(4, 6, 3, padding=1)),  # a bias without effect
        ("batch_norm_1", nn.BatchNorm2d(6, eps=1e-3, momentum=0.3)),
        nn.SiLU(),
        ("gn1", nn.GroupNorm(3, 6, eps=1e-4)),
        ("ln1", nn.LayerNorm([6, 6, 5], eps=1e-3)),
        ("prelu1", nn.PReLU()),
        nn.AvgPool2d(2),  # [6, 3, 2]
        nn.Flatten(),
        ("fc1", nn.Linear(36, 8)),
        ("bn2", nn.BatchNorm1d(8, eps=1e-2, momentum=0.05)),
        ("prelu2", nn.PReLU(8)),
        ("fc2", nn.Linear(8, 6)),
        ("ln2", nn.LayerNorm(6)),
        ("gn2", nn.GroupNorm(2, 6)),
        nn.Tanh(),
        ("fc3", nn.Linear(6, 5)),
    )


class Graph(nn.Module):
    """Every kind of block, with a name and without."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)  # [4, 8, 7]
        self.bn = nn.BatchNorm2d(4)
        self.block1 = Residual(
            ("conv1", nn.Conv2d(4, 4, 3, padding=1, bias=False)),
            ("bn1", nn.BatchNorm2d(4)),
            nn.Tanh(),
            ("conv2", nn.Conv2d(4, 4, 3, padding="same")),
        )
        self.block2 = Residual(
            ("conv1", nn.Conv2d(4, 6, 3, stride=2, padding=1)),
            nn.SiLU(),
            ("conv2", nn.Conv2d(6, 6, 3, padding=1, bias=False)),
            shortcut=nn.Conv2d(4, 6, 1, stride=2, bias=False),
        )  # [6, 4, 4]
        self.block3 = Residual(
            ("conv", nn.Conv2d(6, 5, 3, padding=1, bias=False)),
            ("batch_norm_1", nn.BatchNorm2d(5)),
            shortcut=sequential(("conv", nn.Conv2d(6, 5, 1, bias=False)), ("bn", nn.BatchNorm2d(5))),
        )  # [5, 4, 4]
        self.blocks = nn.Sequential(
            *(Residual(nn.Tanh(), ("conv", nn.Conv2d(5, 5, 3, padding=1, groups=5))) for _ in range(3))
        )
        self.mixed = Concat(
            ("a", nn.Conv2d(5, 2, 1)),
            ("b", sequential(nn.Sigmoid(), ("c", nn.Conv2d(5, 3, 3, padding=1)), nn.Tanh())),
            nn.Identity(),
        )  # [10, 4, 4]
        self.sum = Add(
            ("left", nn.Conv2d(10, 4, 1)),
            ("right", sequential(("conv", nn.Conv2d(10, 4, 3, padding=1, bias=False)), ("bn", nn.BatchNorm2d(4)))),
        )
        self.tail1 = nn.Conv2d(4, 4, 1)
        self.tail2 = nn.Conv2d(4, 4, 3, padding=1)
        self.stages = nn.Sequential(*(sequential(("conv_t", nn.ConvTranspose2d(4, 4, 1))) for _ in range(2)))
        self.layer_norm_21 = nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.tanh(self.bn(self.conv(x)))
        x = torch.tanh(self.block1(x))
        x = self.block3(self.block2(x))
        x = self.sum(self.mixed(self.blocks(x)))
        x = x + torch.tanh(self.tail1(x))
        x = torch.cat([self.stages(self.tail2(x)), x], dim=1)
        x = x.mean(dim=(2, 3))
        x = x + torch.tanh(x)
        return self.head(self.layer_norm_21(x))


def inner():
    return sequential(
        ("conv", nn.Conv2d(3, 4, 3, bias=False)),  # [4, 3, 2]
        ("bn", nn.BatchNorm2d(4)),
        nn.Tanh(),
        nn.Flatten(),
        ("fc", nn.Linear(24, 6)),
    )


def outer():
    return sequential(
        ("first", nn.Conv2d(2, 3, 2, bias=False)),  # [3, 5, 4]
        ("bn", nn.BatchNorm2d(3)),
        nn.SiLU(),
        ("body", inner()),
        nn.Tanh(),
        ("bn2", nn.BatchNorm1d(6)),
        ("tail", zoo5()),
        ("head", nn.Linear(5, 3)),
    )


def zoo5():
    return sequential(("fc1", nn.Linear(6, 7)), nn.Mish(), ("fc2", nn.Linear(7, 5)))


def frozen_first():
    return sequential(
        ("conv1", frozen(nn.Conv2d(2, 3, 2))),  # [3, 5, 4]
        ("bn1", frozen(nn.BatchNorm2d(3))),
        nn.Tanh(),
        ("conv2", nn.Conv2d(3, 3, 3, padding=1, bias=False)),
        ("bn2", nn.BatchNorm2d(3)),
        nn.SiLU(),
        ("bn3", frozen(nn.BatchNorm2d(3, eps=1e-3))),
        ("block", frozen(Residual(("conv", nn.Conv2d(3, 3, 3, padding=1)), ("bn", nn.BatchNorm2d(3))))),
        nn.GELU(),
        nn.Flatten(),
        ("head", nn.Linear(60, 3)),
    )


def frozen_body():
    return sequential(
        ("body", frozen(inner())),
        ("fc1", nn.Linear(6, 5)),
        nn.Tanh(),
        ("fc2", nn.Linear(5, 3)),
    )


def frozen_later():
    return sequential(
        ("conv1", nn.Conv2d(2, 4, 2)),  # [4, 4, 5]
        ("conv2", frozen(nn.Conv2d(4, 4, 3, padding=1, groups=2))),
        ("up", frozen(nn.ConvTranspose2d(4, 4, 2, stride=2))),  # [4, 8, 10]
        ("gn", frozen(nn.GroupNorm(2, 4))),
        ("prelu", frozen(nn.PReLU(4))),
        ("conv3", nn.Conv2d(4, 2, 3, stride=2)),  # [2, 3, 4]
        nn.Flatten(),
        ("ln", frozen(nn.LayerNorm(24))),
        ("fc1", frozen(nn.Linear(24, 6))),
        nn.Tanh(),
        ("fc2", nn.Linear(6, 4)),
    )
