"""JAX on the CPU: one compiled training step a call (`step`), or eight inside one `lax.scan` (`scan`)."""

from functools import partial

import jax
import numpy
from jax import lax, nn
from jax import numpy as jnp

from peer import RATE, SAMPLES, classes, cycle, noise, request, serve

SCANNED = 8


def weights(*shape):
    """Of the usual size for what they multiply: the last axis is the outputs."""
    return jnp.asarray(noise(*shape)) / numpy.prod(shape[:-1]) ** 0.5


def linear(inputs, outputs):
    return {"w": weights(inputs, outputs), "b": jnp.zeros(outputs)}


def convolve(x, w, stride=1, padding=0):
    around = [(padding, padding)] * 2
    return lax.conv_general_dilated(x, w, (stride, stride), around, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def pool(x):
    """The largest of each 2×2. As a reshape, which XLA compiles to faster code than `reduce_window`."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))


def fully_connected(layers, x):
    for layer in layers[:-1]:
        x = nn.relu(x @ layer["w"] + layer["b"])
    return x @ layers[-1]["w"] + layers[-1]["b"]


def lenet_parameters():
    first, second = weights(5, 5, 1, 6), weights(5, 5, 6, 16)
    convolutions = [{"w": first, "b": jnp.zeros(6)}, {"w": second, "b": jnp.zeros(16)}]
    return convolutions, [linear(400, 120), linear(120, 84), linear(84, 10)]


def lenet(parameters, x):
    (first, second), layers = parameters
    x = pool(nn.relu(convolve(x, first["w"], padding=2) + first["b"]))
    x = pool(nn.relu(convolve(x, second["w"]) + second["b"]))
    return fully_connected(layers, x.reshape(x.shape[0], -1))


def mlp_parameters():
    return [linear(784, 256), linear(256, 128), linear(128, 10)]


def normalized(inputs, outputs, kernel):
    return {"w": weights(kernel, kernel, inputs, outputs), "scale": jnp.ones(outputs), "shift": jnp.zeros(outputs)}


def normalize(p, x, stride=1):
    """Convolution and batch norm. It keeps no running statistics, which the other peers do: a little less work."""
    x = convolve(x, p["w"], stride, p["w"].shape[0] // 2)
    mean = x.mean((0, 1, 2))
    variance = (x * x).mean((0, 1, 2)) - mean * mean
    return (x - mean) * (lax.rsqrt(variance + 1e-5) * p["scale"]) + p["shift"]


def resnet_parameters():
    def block(inputs, outputs):
        body = [normalized(inputs, outputs, 3), normalized(outputs, outputs, 3)]
        return body, None if inputs == outputs else normalized(inputs, outputs, 1)

    return normalized(3, 16, 3), [block(16, 16), block(16, 32), block(32, 64)], linear(64, 10)


def resnet(parameters, x):
    stem, blocks, head = parameters
    x = nn.relu(normalize(stem, x))
    for (first, second), shortcut in blocks:
        stride = 1 if shortcut is None else 2
        y = normalize(second, nn.relu(normalize(first, x, stride)))
        x = nn.relu(y + (x if shortcut is None else normalize(shortcut, x, stride)))
    return fully_connected([head], x.mean((1, 2)))


NETWORKS = {
    "lenet": (lenet, lenet_parameters, (28, 28, 1)),
    "mlp": (fully_connected, mlp_parameters, (784,)),
    "resnet": (resnet, resnet_parameters, (32, 32, 3)),
}


def train(asked, network, parameters, x):
    """Steps of v = 0.9 v + g, w = w - rate * v, with the buffers of w and v given away to be written again."""

    def loss(w, x, y):
        return -jnp.take_along_axis(nn.log_softmax(network(w, x)), y[:, None], 1).mean()

    def step(state, batch):
        w, v = state
        g = jax.grad(loss)(w, *batch)
        v = jax.tree.map(lambda v, g: 0.9 * v + g, v, g)
        return (jax.tree.map(lambda w, v: w - RATE * v, w, v), v), None

    steps = SCANNED if asked.mode == "scan" else 1
    one = (lambda state, batches: lax.scan(step, state, batches)) if asked.mode == "scan" else step
    compiled = partial(jax.jit, donate_argnums=0)(one)
    y = classes(SAMPLES).astype(numpy.int32)
    shape = (steps, asked.batch) if asked.mode == "scan" else (asked.batch,)
    starts = range(0, SAMPLES, steps * asked.batch)

    def cut(data, start):
        return jnp.asarray(data[start : start + steps * asked.batch].reshape(*shape, *data.shape[1:]))

    batches = cycle([(cut(x, start), cut(y, start)) for start in starts])
    state = [(parameters, jax.tree.map(jnp.zeros_like, parameters))]

    def call():
        state[0], _ = compiled(state[0], next(batches))

    serve(asked, call, lambda: jax.block_until_ready(state), steps * asked.batch)


def predict(asked, network, parameters, x):
    starts = range(0, max(256, asked.batch), asked.batch)
    batches = cycle([jnp.asarray(x[start : start + asked.batch]) for start in starts])
    compiled = jax.jit(partial(network, parameters))
    serve(asked, lambda: compiled(next(batches)).block_until_ready())


def main():
    asked = request(["step", "scan"])
    name, _, what = asked.task.partition("_")
    network, parameters, shape = NETWORKS[name]
    (train if what == "train" else predict)(asked, network, parameters(), noise(SAMPLES, *shape))


main()
