"""ONNX Runtime: predictions by `run`, or with input and output bound once to fixed buffers (`iobinding`)."""

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peer import cycle, noise, request, serve


def lenet(batch):
    """LeNet-5 for batches of one size, which is what the optimizer of the graph likes best."""
    nodes, weights = [], []

    def layer(kind, *parameters, **attributes):
        inputs = [nodes[-1].output[0] if nodes else "x"]
        for shape in parameters:
            inputs.append(f"w{len(weights)}")
            weights.append(numpy_helper.from_array(0.1 * noise(*shape), inputs[-1]))
        nodes.append(helper.make_node(kind, inputs, [f"y{len(nodes)}"], **attributes))

    def pool():
        layer("Relu")
        layer("MaxPool", kernel_shape=[2, 2], strides=[2, 2])

    layer("Conv", (6, 1, 5, 5), (6,), pads=[2, 2, 2, 2])
    pool()
    layer("Conv", (16, 6, 5, 5), (16,))
    pool()
    layer("Flatten")
    layer("Gemm", (120, 400), (120,), transB=1)
    layer("Relu")
    layer("Gemm", (84, 120), (84,), transB=1)
    layer("Relu")
    layer("Gemm", (10, 84), (10,), transB=1)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 1, 28, 28])
    y = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, [batch, 10])
    # Operators that every ONNX Runtime of the last years knows.
    versions = [helper.make_opsetid("", 17)]
    graph = helper.make_graph(nodes, "lenet", [x], [y], weights)
    model = helper.make_model(graph, opset_imports=versions, ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    asked = request(["run", "iobinding"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = asked.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(lenet(asked.batch), options, providers=["CPUExecutionProvider"])
    x = cycle(list(noise(max(1, 256 // asked.batch), asked.batch, 1, 28, 28)))
    output = session.get_outputs()[0].name
    binding, bound = session.io_binding(), onnxruntime.OrtValue.ortvalue_from_numpy(next(x))
    binding.bind_ortvalue_input("x", bound)
    y = onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros((asked.batch, 10), numpy.float32))
    binding.bind_ortvalue_output(output, y)

    def run_bound():
        bound.update_inplace(next(x))
        session.run_with_iobinding(binding)

    step = run_bound if asked.mode == "iobinding" else lambda: session.run([output], {"x": next(x)})
    serve(asked, step)


main()
