/// LeNet-5 for 28×28 grey images.
///
/// ```text
/// layer                                             output        parameters     MACs
/// input                                             [1, 28, 28]
/// conv1         Conv2d(6, kernel = 5, padding = 2)  [6, 28, 28]          156  117,600
/// relu_1        Relu                                [6, 28, 28]
/// max_pool2d_2  MaxPool2d(2)                        [6, 14, 14]
/// conv2         Conv2d(16, kernel = 5)              [16, 10, 10]       2,416  240,000
/// relu_4        Relu                                [16, 10, 10]
/// max_pool2d_5  MaxPool2d(2)                        [16, 5, 5]
/// flatten_6     Flatten                             [400]
/// fc1           Linear(120)                         [120]             48,120   48,000
/// relu_8        Relu                                [120]
/// fc2           Linear(84)                          [84]              10,164   10,080
/// relu_10       Relu                                [84]
/// fc3           Linear(10)                          [10]                 850      840
/// total                                                               61,706  416,520
/// ```
///
/// Bytes with `f32`: 246,824 of parameters; besides these, 6,304 to predict, 284,424 (gradients and tape) to train on one sample, or 37,600 (tape) in place.
#[repr(C)]
pub struct LeNet<S = ::core::primitive::f32> {
    /// Strokes.
    ///
    /// `Conv2d(6, kernel = 5, padding = 2)`: `[1, 28, 28]` → `[6, 28, 28]`, 156 parameters, 117,600 MACs
    pub conv1: ::nnet::__private::layers::Conv2d<S, 6, 1, 5, 5>,
    /// `Conv2d(16, kernel = 5)`: `[6, 14, 14]` → `[16, 10, 10]`, 2,416 parameters, 240,000 MACs
    pub conv2: ::nnet::__private::layers::Conv2d<S, 16, 6, 5, 5>,
    /// `Linear(120)`: `[400]` → `[120]`, 48,120 parameters, 48,000 MACs
    pub fc1: ::nnet::__private::layers::Linear<S, 120, 400>,
    /// `Linear(84)`: `[120]` → `[84]`, 10,164 parameters, 10,080 MACs
    pub fc2: ::nnet::__private::layers::Linear<S, 84, 120>,
    /// `Linear(10)`: `[84]` → `[10]`, 850 parameters, 840 MACs
    pub fc3: ::nnet::__private::layers::Linear<S, 10, 84>,
}
#[automatically_derived]
unsafe impl<S: ::nnet::__private::Scalar> ::nnet::__private::Flat for LeNet<S> {
    type Scalar = S;
    const ZERO: Self = Self {
        conv1: ::nnet::__private::Flat::ZERO,
        conv2: ::nnet::__private::Flat::ZERO,
        fc1: ::nnet::__private::Flat::ZERO,
        fc2: ::nnet::__private::Flat::ZERO,
        fc3: ::nnet::__private::Flat::ZERO,
    };
}
const _: ::nnet::__private::layers::Flatten = ::nnet::__private::layers::Flatten;
/// The gradients of [`LeNet`]: those of its parameters that learn.
pub type LeNetGradients<S = ::core::primitive::f32> = LeNet<S>;
/// What [`LeNet`] predicts in: areas that its layers write in turn.
#[repr(C)]
pub struct LeNetScratch<E = ::core::primitive::f32> {
    area_a: [E; 1176],
    area_b: [E; 400],
}
#[automatically_derived]
unsafe impl<E: ::nnet::__private::Element> ::nnet::__private::Flat for LeNetScratch<E> {
    type Scalar = E::Scalar;
    const ZERO: Self = Self {
        area_a: ::nnet::__private::Tensor::ZERO,
        area_b: ::nnet::__private::Tensor::ZERO,
    };
}
impl LeNetScratch<::core::primitive::f32> {
    /// Zero everywhere, for `static`s; `nnet::zeroed` makes one on the heap.
    pub const ZERO: Self = <Self as ::nnet::__private::Flat>::ZERO;
}
/// What [`LeNet`] keeps from forward to backward, and works in.
#[repr(C)]
pub struct LeNetTape<E = ::core::primitive::f32> {
    conv1: [[[E; 28]; 28]; 6],
    max_pool2d_2: [[[E; 14]; 14]; 6],
    conv2: [[[E; 10]; 10]; 16],
    max_pool2d_5: [[[E; 5]; 5]; 16],
    fc1: [E; 120],
    fc2: [E; 84],
    fc3: [E; 10],
    output_gradient: [E; 10],
    area_a: [E; 1176],
    area_b: [E; 120],
}
#[automatically_derived]
unsafe impl<E: ::nnet::__private::Element> ::nnet::__private::Flat for LeNetTape<E> {
    type Scalar = E::Scalar;
    const ZERO: Self = Self {
        conv1: ::nnet::__private::Tensor::ZERO,
        max_pool2d_2: ::nnet::__private::Tensor::ZERO,
        conv2: ::nnet::__private::Tensor::ZERO,
        max_pool2d_5: ::nnet::__private::Tensor::ZERO,
        fc1: ::nnet::__private::Tensor::ZERO,
        fc2: ::nnet::__private::Tensor::ZERO,
        fc3: ::nnet::__private::Tensor::ZERO,
        output_gradient: ::nnet::__private::Tensor::ZERO,
        area_a: ::nnet::__private::Tensor::ZERO,
        area_b: ::nnet::__private::Tensor::ZERO,
    };
}
impl LeNetTape<::core::primitive::f32> {
    /// Zero everywhere, for `static`s; `nnet::zeroed` makes one on the heap.
    pub const ZERO: Self = <Self as ::nnet::__private::Flat>::ZERO;
}
const _: () = {
    fn row<S: ::nnet::__private::Scalar, T: ::nnet::__private::Flat<Scalar = S>>() {}
    fn tensor<E: ::nnet::__private::Element, T: ::nnet::__private::Tensor<Element = E>>() {}
    fn fields<S: ::nnet::__private::Scalar, E: ::nnet::__private::Element>() {
        row::<S, ::nnet::__private::layers::Conv2d<S, 6, 1, 5, 5>>();
        row::<S, ::nnet::__private::layers::Conv2d<S, 16, 6, 5, 5>>();
        row::<S, ::nnet::__private::layers::Linear<S, 120, 400>>();
        row::<S, ::nnet::__private::layers::Linear<S, 84, 120>>();
        row::<S, ::nnet::__private::layers::Linear<S, 10, 84>>();
        tensor::<E, [E; 1176]>();
        tensor::<E, [E; 400]>();
        tensor::<E, [[[E; 28]; 28]; 6]>();
        tensor::<E, [[[E; 14]; 14]; 6]>();
        tensor::<E, [[[E; 10]; 10]; 16]>();
        tensor::<E, [[[E; 5]; 5]; 16]>();
        tensor::<E, [E; 120]>();
        tensor::<E, [E; 84]>();
        tensor::<E, [E; 10]>();
        tensor::<E, [E; 10]>();
        tensor::<E, [E; 1176]>();
        tensor::<E, [E; 120]>();
    }
    let _: [(); 246824] = [(); ::core::mem::size_of::<LeNet<::core::primitive::f32>>()];
    let _: [(); 6304] = [(); ::core::mem::size_of::<
        LeNetScratch<::core::primitive::f32>,
    >()];
    let _: [(); 37600] = [(); ::core::mem::size_of::<
        LeNetTape<::core::primitive::f32>,
    >()];
};
const _: () = {
    fn area_a() {}
    fn area_b() {}
    fn conv1() {}
    fn conv2() {}
    fn d_conv1() {}
    fn d_conv2() {}
    fn d_fc1() {}
    fn d_fc2() {}
    fn d_flatten_6() {}
    fn d_max_pool2d_2() {}
    fn d_max_pool2d_5() {}
    fn dx() {}
    fn fc1() {}
    fn fc2() {}
    fn fc3() {}
    fn flatten_6() {}
    fn gradients() {}
    fn groups() {}
    fn kept() {}
    fn max_pool2d_2() {}
    fn max_pool2d_5() {}
    fn meeting() {}
    fn output_gradient() {}
    fn pass() {}
    fn products() {}
    fn random() {}
    fn samples() {}
    fn scratch() {}
    fn stage() {}
    fn tape() {}
    fn x() {}
    #[automatically_derived]
    impl<S: ::nnet::__private::Scalar> ::nnet::__private::Network for LeNet<S> {
        type Input<E: ::nnet::__private::Element<Scalar = S>> = [[[E; 28]; 28]; 1];
        type Output<E: ::nnet::__private::Element<Scalar = S>> = [E; 10];
        type Scratch<E: ::nnet::__private::Element<Scalar = S>> = LeNetScratch<E>;
        const NAME: &'static ::core::primitive::str = "LeNet";
        const INPUT_SHAPE: &'static [::core::primitive::usize] = &[1, 28, 28];
        const OUTPUT_SHAPE: &'static [::core::primitive::usize] = &[10];
        const LAYERS: &'static [::nnet::__private::LayerInfo] = &[
            ::nnet::__private::LayerInfo {
                name: "conv1",
                declaration: "Conv2d(6, kernel = 5, padding = 2)",
                output: &[6, 28, 28],
                parameters: 156,
                macs: 117600,
            },
            ::nnet::__private::LayerInfo {
                name: "relu_1",
                declaration: "Relu",
                output: &[6, 28, 28],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "max_pool2d_2",
                declaration: "MaxPool2d(2)",
                output: &[6, 14, 14],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "conv2",
                declaration: "Conv2d(16, kernel = 5)",
                output: &[16, 10, 10],
                parameters: 2416,
                macs: 240000,
            },
            ::nnet::__private::LayerInfo {
                name: "relu_4",
                declaration: "Relu",
                output: &[16, 10, 10],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "max_pool2d_5",
                declaration: "MaxPool2d(2)",
                output: &[16, 5, 5],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "flatten_6",
                declaration: "Flatten",
                output: &[400],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "fc1",
                declaration: "Linear(120)",
                output: &[120],
                parameters: 48120,
                macs: 48000,
            },
            ::nnet::__private::LayerInfo {
                name: "relu_8",
                declaration: "Relu",
                output: &[120],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "fc2",
                declaration: "Linear(84)",
                output: &[84],
                parameters: 10164,
                macs: 10080,
            },
            ::nnet::__private::LayerInfo {
                name: "relu_10",
                declaration: "Relu",
                output: &[84],
                parameters: 0,
                macs: 0,
            },
            ::nnet::__private::LayerInfo {
                name: "fc3",
                declaration: "Linear(10)",
                output: &[10],
                parameters: 850,
                macs: 840,
            },
        ];
        const PARAMETERS: &'static [::nnet::__private::ParameterInfo] = &[
            ::nnet::__private::ParameterInfo {
                name: "conv1.weight",
                shape: &[6, 1, 5, 5],
                offset: 0,
                kind: ::nnet::__private::ParameterKind::Weight,
                gradient: ::core::option::Option::Some(0),
            },
            ::nnet::__private::ParameterInfo {
                name: "conv1.bias",
                shape: &[6],
                offset: 150,
                kind: ::nnet::__private::ParameterKind::Bias,
                gradient: ::core::option::Option::Some(150),
            },
            ::nnet::__private::ParameterInfo {
                name: "conv2.weight",
                shape: &[16, 6, 5, 5],
                offset: 156,
                kind: ::nnet::__private::ParameterKind::Weight,
                gradient: ::core::option::Option::Some(156),
            },
            ::nnet::__private::ParameterInfo {
                name: "conv2.bias",
                shape: &[16],
                offset: 2556,
                kind: ::nnet::__private::ParameterKind::Bias,
                gradient: ::core::option::Option::Some(2556),
            },
            ::nnet::__private::ParameterInfo {
                name: "fc1.weight",
                shape: &[120, 400],
                offset: 2572,
                kind: ::nnet::__private::ParameterKind::Weight,
                gradient: ::core::option::Option::Some(2572),
            },
            ::nnet::__private::ParameterInfo {
                name: "fc1.bias",
                shape: &[120],
                offset: 50572,
                kind: ::nnet::__private::ParameterKind::Bias,
                gradient: ::core::option::Option::Some(50572),
            },
            ::nnet::__private::ParameterInfo {
                name: "fc2.weight",
                shape: &[84, 120],
                offset: 50692,
                kind: ::nnet::__private::ParameterKind::Weight,
                gradient: ::core::option::Option::Some(50692),
            },
            ::nnet::__private::ParameterInfo {
                name: "fc2.bias",
                shape: &[84],
                offset: 60772,
                kind: ::nnet::__private::ParameterKind::Bias,
                gradient: ::core::option::Option::Some(60772),
            },
            ::nnet::__private::ParameterInfo {
                name: "fc3.weight",
                shape: &[10, 84],
                offset: 60856,
                kind: ::nnet::__private::ParameterKind::Weight,
                gradient: ::core::option::Option::Some(60856),
            },
            ::nnet::__private::ParameterInfo {
                name: "fc3.bias",
                shape: &[10],
                offset: 61696,
                kind: ::nnet::__private::ParameterKind::Bias,
                gradient: ::core::option::Option::Some(61696),
            },
        ];
        const TRAINING: ::core::option::Option<[::core::primitive::usize; 2]> = ::core::option::Option::Some([
            <Self as ::nnet::__private::Differentiable>::TRAINING_BYTES,
            <Self as ::nnet::__private::Differentiable>::IN_PLACE_TRAINING_BYTES,
        ]);
        const BUFFERS: &'static [::nnet::__private::BufferInfo] = &[
            ::nnet::__private::BufferInfo {
                name: "max_pool2d_2",
                shape: &[6, 14, 14],
                area: 0,
                begin: 0,
                end: 3,
            },
            ::nnet::__private::BufferInfo {
                name: "max_pool2d_5",
                shape: &[16, 5, 5],
                area: 1,
                begin: 3,
                end: 7,
            },
            ::nnet::__private::BufferInfo {
                name: "fc1",
                shape: &[120],
                area: 0,
                begin: 7,
                end: 9,
            },
            ::nnet::__private::BufferInfo {
                name: "fc2",
                shape: &[84],
                area: 1,
                begin: 9,
                end: 11,
            },
            ::nnet::__private::BufferInfo {
                name: "fc3",
                shape: &[10],
                area: 0,
                begin: 11,
                end: 12,
            },
        ];
        fn init(&mut self, random: &mut ::nnet::__private::Random) {
            self.conv1
                .init(
                    ::nnet::__private::Init::KaimingUniform {
                        gain: ::core::f64::consts::SQRT_2,
                    },
                    random,
                );
            self.conv2
                .init(
                    ::nnet::__private::Init::KaimingUniform {
                        gain: ::core::f64::consts::SQRT_2,
                    },
                    random,
                );
            self.fc1
                .init(
                    ::nnet::__private::Init::KaimingUniform {
                        gain: ::core::f64::consts::SQRT_2,
                    },
                    random,
                );
            self.fc2
                .init(
                    ::nnet::__private::Init::KaimingUniform {
                        gain: ::core::f64::consts::SQRT_2,
                    },
                    random,
                );
            self.fc3
                .init(
                    ::nnet::__private::Init::XavierNormal {
                        gain: 1.0,
                    },
                    random,
                );
        }
        fn predict<'s, E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            x: &Self::Input<E>,
            scratch: &'s mut Self::Scratch<E>,
        ) -> &'s Self::Output<E> {
            let LeNetScratch { area_a, area_b } = scratch;
            let max_pool2d_2: &mut [[[E; 14]; 14]; 6] = ::nnet::__private::area(area_a);
            self.conv1
                .predict_pooled(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [2, 2]),
                    ::nnet::__private::layers::Relu,
                    ::nnet::__private::layers::MaxPool2d::new(
                        ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                    ),
                    x,
                    max_pool2d_2,
                );
            let max_pool2d_5: &mut [[[E; 5]; 5]; 16] = ::nnet::__private::area(area_b);
            self.conv2
                .predict_pooled(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [0, 0]),
                    ::nnet::__private::layers::Relu,
                    ::nnet::__private::layers::MaxPool2d::new(
                        ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                    ),
                    max_pool2d_2,
                    max_pool2d_5,
                );
            let flatten_6: &mut [E; 400] = ::nnet::__private::area(area_b);
            let fc1: &mut [E; 120] = ::nnet::__private::area(area_a);
            self.fc1.forward(flatten_6, fc1);
            ::nnet::__private::layers::Relu.forward(fc1);
            let fc2: &mut [E; 84] = ::nnet::__private::area(area_b);
            self.fc2.forward(fc1, fc2);
            ::nnet::__private::layers::Relu.forward(fc2);
            let fc3: &mut [E; 10] = ::nnet::__private::area(area_a);
            self.fc3.forward(fc2, fc3);
            fc3
        }
    }
    #[automatically_derived]
    impl<S: ::nnet::__private::Scalar> ::nnet::__private::Differentiable for LeNet<S> {
        type Gradients = LeNetGradients<S>;
        type Tape<E: ::nnet::__private::Element<Scalar = S>> = LeNetTape<E>;
        const MEETINGS: ::core::primitive::usize = 0;
        const SMALLEST_BATCH: ::core::primitive::usize = 1;
        const INPUT_GRADIENT: ::core::primitive::bool = true;
        fn forward_stage<E: ::nnet::__private::Element<Scalar = S>>(
            &self,
            stage: ::core::primitive::usize,
            x: &Self::Input<E>,
            pass: &::nnet::__private::Pass,
            tape: &mut Self::Tape<E>,
        ) {
            let LeNetTape {
                conv1,
                max_pool2d_2,
                conv2,
                max_pool2d_5,
                fc1,
                fc2,
                fc3,
                ..
            } = tape;
            self.conv1
                .forward(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [2, 2]),
                    x,
                    conv1,
                );
            ::nnet::__private::layers::Relu.forward(conv1);
            ::nnet::__private::layers::MaxPool2d::new(
                    ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                )
                .forward(conv1, max_pool2d_2);
            self.conv2
                .forward(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [0, 0]),
                    max_pool2d_2,
                    conv2,
                );
            ::nnet::__private::layers::Relu.forward(conv2);
            ::nnet::__private::layers::MaxPool2d::new(
                    ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                )
                .forward(conv2, max_pool2d_5);
            let flatten_6: &[E; 400] = ::nnet::__private::Tensor::view(
                ::nnet::__private::Tensor::as_flat(max_pool2d_5),
            );
            self.fc1.forward(flatten_6, fc1);
            ::nnet::__private::layers::Relu.forward(fc1);
            self.fc2.forward(fc1, fc2);
            ::nnet::__private::layers::Relu.forward(fc2);
            self.fc3.forward(fc2, fc3);
        }
        fn output_and_gradient<E: ::nnet::__private::Element<Scalar = S>>(
            tape: &mut Self::Tape<E>,
        ) -> (&Self::Output<E>, &mut Self::Output<E>) {
            (&tape.fc3, &mut tape.output_gradient)
        }
        fn backward_stage<
            E: ::nnet::__private::Element<Scalar = S>,
            __P: ::nnet::__private::OuterProducts<S>,
        >(
            &self,
            stage: ::core::primitive::usize,
            x: &Self::Input<E>,
            pass: &::nnet::__private::Pass,
            tape: &mut Self::Tape<E>,
            gradients: &mut Self::Gradients,
            products: &mut __P,
            dx: ::core::option::Option<&mut Self::Input<E>>,
        ) {
            let LeNetTape {
                conv1,
                max_pool2d_2,
                conv2,
                max_pool2d_5,
                fc1,
                fc2,
                output_gradient,
                area_a,
                area_b,
                ..
            } = tape;
            let d_fc2: &mut [E; 84] = ::nnet::__private::area(area_a);
            self.fc3
                .backward_with(
                    fc2,
                    output_gradient,
                    &mut gradients.fc3,
                    products,
                    ::core::option::Option::Some(d_fc2),
                );
            ::nnet::__private::layers::Relu.backward(fc2, d_fc2);
            let d_fc1: &mut [E; 120] = ::nnet::__private::area(area_b);
            self.fc2
                .backward_with(
                    fc1,
                    d_fc2,
                    &mut gradients.fc2,
                    products,
                    ::core::option::Option::Some(d_fc1),
                );
            ::nnet::__private::layers::Relu.backward(fc1, d_fc1);
            let flatten_6: &[E; 400] = ::nnet::__private::Tensor::view(
                ::nnet::__private::Tensor::as_flat(max_pool2d_5),
            );
            let d_flatten_6: &mut [E; 400] = ::nnet::__private::area(area_a);
            self.fc1
                .backward_with(
                    flatten_6,
                    d_fc1,
                    &mut gradients.fc1,
                    products,
                    ::core::option::Option::Some(d_flatten_6),
                );
            let d_max_pool2d_5: &mut [[[E; 5]; 5]; 16] = ::nnet::__private::area(area_a);
            ::nnet::__private::layers::MaxPool2d::new(
                    ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                )
                .backward_in_place(
                    ::nnet::__private::layers::Relu,
                    d_max_pool2d_5,
                    conv2,
                );
            let d_conv2: &mut [[[E; 10]; 10]; 16] = conv2;
            let d_max_pool2d_2: &mut [[[E; 14]; 14]; 6] = ::nnet::__private::area(
                area_a,
            );
            self.conv2
                .backward(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [0, 0]),
                    max_pool2d_2,
                    d_conv2,
                    &mut gradients.conv2,
                    ::core::option::Option::Some(d_max_pool2d_2),
                );
            ::nnet::__private::layers::MaxPool2d::new(
                    ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                )
                .backward_in_place(
                    ::nnet::__private::layers::Relu,
                    d_max_pool2d_2,
                    conv1,
                );
            let d_conv1: &mut [[[E; 28]; 28]; 6] = conv1;
            self.conv1
                .backward(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [2, 2]),
                    x,
                    d_conv1,
                    &mut gradients.conv1,
                    dx,
                );
        }
        fn descend_stage<E: ::nnet::__private::Element<Scalar = S>>(
            &mut self,
            stage: ::core::primitive::usize,
            x: &Self::Input<E>,
            pass: &::nnet::__private::Pass,
            tape: &mut Self::Tape<E>,
            kept: S,
            dx: ::core::option::Option<&mut Self::Input<E>>,
        ) {
            let LeNetTape {
                conv1,
                max_pool2d_2,
                conv2,
                max_pool2d_5,
                fc1,
                fc2,
                output_gradient,
                area_a,
                area_b,
                ..
            } = tape;
            let d_fc2: &mut [E; 84] = ::nnet::__private::area(area_a);
            self.fc3
                .descend(
                    kept,
                    fc2,
                    output_gradient,
                    ::core::option::Option::Some(d_fc2),
                );
            ::nnet::__private::layers::Relu.backward(fc2, d_fc2);
            let d_fc1: &mut [E; 120] = ::nnet::__private::area(area_b);
            self.fc2.descend(kept, fc1, d_fc2, ::core::option::Option::Some(d_fc1));
            ::nnet::__private::layers::Relu.backward(fc1, d_fc1);
            let flatten_6: &[E; 400] = ::nnet::__private::Tensor::view(
                ::nnet::__private::Tensor::as_flat(max_pool2d_5),
            );
            let d_flatten_6: &mut [E; 400] = ::nnet::__private::area(area_a);
            self.fc1
                .descend(
                    kept,
                    flatten_6,
                    d_fc1,
                    ::core::option::Option::Some(d_flatten_6),
                );
            let d_max_pool2d_5: &mut [[[E; 5]; 5]; 16] = ::nnet::__private::area(area_a);
            ::nnet::__private::layers::MaxPool2d::new(
                    ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                )
                .backward_in_place(
                    ::nnet::__private::layers::Relu,
                    d_max_pool2d_5,
                    conv2,
                );
            let d_conv2: &mut [[[E; 10]; 10]; 16] = conv2;
            let d_max_pool2d_2: &mut [[[E; 14]; 14]; 6] = ::nnet::__private::area(
                area_a,
            );
            self.conv2
                .descend(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [0, 0]),
                    kept,
                    max_pool2d_2,
                    d_conv2,
                    ::core::option::Option::Some(d_max_pool2d_2),
                );
            ::nnet::__private::layers::MaxPool2d::new(
                    ::nnet::__private::Window2d::new([2, 2], [2, 2], [0, 0]),
                )
                .backward_in_place(
                    ::nnet::__private::layers::Relu,
                    d_max_pool2d_2,
                    conv1,
                );
            let d_conv1: &mut [[[E; 28]; 28]; 6] = conv1;
            self.conv1
                .descend(
                    &::nnet::__private::Window2d::new([5, 5], [1, 1], [2, 2]),
                    kept,
                    x,
                    d_conv1,
                    dx,
                );
        }
        fn meet<E: ::nnet::__private::Element<Scalar = S>, __G>(
            meeting: ::nnet::__private::Meeting,
            groups: &mut [__G],
            samples: ::core::primitive::usize,
            tape: impl ::core::ops::Fn(
                &mut __G,
            ) -> &mut Self::Tape<E> + ::core::marker::Copy,
        ) {}
        fn track<E: ::nnet::__private::Element<Scalar = S>>(
            &mut self,
            tape: &Self::Tape<E>,
            samples: ::core::primitive::usize,
        ) {}
    }
};
#[automatically_derived]
impl<S: ::nnet::__private::Scalar> ::nnet::__private::Train for LeNet<S> {
    type Target = ::core::primitive::usize;
    type Loss = ::nnet::__private::loss::CrossEntropy;
    const LOSS: Self::Loss = ::nnet::__private::loss::CrossEntropy;
}
impl LeNet<::core::primitive::f32> {
    /// Zero everywhere, for `static`s; `nnet::zeroed` makes one on the heap.
    pub const ZERO: Self = <Self as ::nnet::__private::Flat>::ZERO;
}
impl LeNet<::core::primitive::f32> {
    /// The name in the declaration.
    pub const NAME: &'static ::core::primitive::str = <Self as ::nnet::__private::Network>::NAME;
    /// The shape of one input sample.
    pub const INPUT_SHAPE: &'static [::core::primitive::usize] = <Self as ::nnet::__private::Network>::INPUT_SHAPE;
    /// The shape of one output sample.
    pub const OUTPUT_SHAPE: &'static [::core::primitive::usize] = <Self as ::nnet::__private::Network>::OUTPUT_SHAPE;
    /// The layers in the order of the declaration.
    pub const LAYERS: &'static [::nnet::__private::LayerInfo] = <Self as ::nnet::__private::Network>::LAYERS;
    /// The parameter tensors in the order of their memory.
    pub const PARAMETERS: &'static [::nnet::__private::ParameterInfo] = <Self as ::nnet::__private::Network>::PARAMETERS;
    /// How many parameters there are, running statistics left out.
    pub const PARAMETER_COUNT: ::core::primitive::usize = <Self as ::nnet::__private::Network>::PARAMETER_COUNT;
    /// Bytes of the parameters and the running statistics.
    pub const WEIGHT_BYTES: ::core::primitive::usize = <Self as ::nnet::__private::Network>::WEIGHT_BYTES;
    /// Bytes that predicting one sample needs besides the parameters.
    pub const INFERENCE_BYTES: ::core::primitive::usize = <Self as ::nnet::__private::Network>::INFERENCE_BYTES;
    /// Multiply-accumulates of one prediction, the padding counted.
    pub const MACS: ::core::primitive::usize = <Self as ::nnet::__private::Network>::MACS;
    /// The table of layers, printable.
    #[must_use]
    pub fn summary() -> ::nnet::__private::Summary {
        <Self as ::nnet::__private::Network>::summary()
    }
}
impl LeNet<::core::primitive::f32> {
    /// Bytes that training on one sample needs besides the parameters and the optimizer's state: gradients and tape.
    pub const TRAINING_BYTES: ::core::primitive::usize = <Self as ::nnet::__private::Differentiable>::TRAINING_BYTES;
    /// Bytes that training on one sample in place needs besides the parameters: the tape.
    pub const IN_PLACE_TRAINING_BYTES: ::core::primitive::usize = <Self as ::nnet::__private::Differentiable>::IN_PLACE_TRAINING_BYTES;
}
