"""
Trains the networks of networks.ts with PyTorch or TensorFlow. Arguments: framework and threads.
Reads one JSON object per line, {"net", "mode", "batchSize", "steps"}, and answers each with one line,
{"imagesPerSecond"}: the median step. Models stay loaded between the lines.
"""

import json
import os
import statistics
import sys
import time

framework, threads = sys.argv[1], int(sys.argv[2])

# Channels, strides of depthwise and pointwise pairs after the first convolution.
mobilenet = [
    (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2),
    (128, 1), (128, 1), (128, 1), (128, 1), (128, 1), (256, 2), (256, 1),
]
sizes = {"cnn": (1, 28), "depthwise": (3, 32), "mobilenet": (3, 96)}


def with_torch():
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(1)

    def normalised(convolution):
        return [convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3), nn.ReLU6()]

    def separable(fan, width, stride):
        depthwise = nn.Conv2d(fan, fan, 3, stride, 1, groups=fan, bias=False)
        return normalised(depthwise) + normalised(nn.Conv2d(fan, width, 1, bias=False))

    def network(name):
        if name == "cnn":
            return nn.Sequential(
                nn.Conv2d(1, 16, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(16, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10),
            )
        first = 16 if name == "depthwise" else 8
        layers = normalised(nn.Conv2d(3, first, 3, 2, 1, bias=False))
        fan = first
        for width, stride in [(32, 1)] if name == "depthwise" else mobilenet:
            layers += separable(fan, width, stride)
            fan = width
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(fan, 10))

    def stepper(name, mode, batch):
        channels, side = sizes[name]
        net = network(name).train()
        if mode.endswith("channels-last"):
            net = net.to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, eps=1e-7, fused=True)
        images = torch.randn(batch, channels, side, side)
        if mode.endswith("channels-last"):
            images = images.to(memory_format=torch.channels_last)
        labels = torch.randint(0, 10, (batch,))

        def loss_of(images, labels):
            return nn.functional.cross_entropy(net(images), labels)

        compiled = torch.compile(loss_of) if mode.startswith("compiled") else loss_of

        def step():
            optimizer.zero_grad()
            loss = compiled(images, labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    return stepper


def with_tensorflow():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(1)
    layers = tf.keras.layers

    def normalised(convolution):
        return [convolution, layers.BatchNormalization(momentum=0.9), layers.ReLU(6)]

    def separable(width, stride):
        depthwise = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)
        return normalised(depthwise) + normalised(layers.Conv2D(width, 1, use_bias=False))

    def network(name):
        if name == "cnn":
            return [
                layers.Conv2D(16, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
                layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
                layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10),
            ]
        first = 16 if name == "depthwise" else 8
        net = normalised(layers.Conv2D(first, 3, 2, "same", use_bias=False))
        for width, stride in [(32, 1)] if name == "depthwise" else mobilenet:
            net += separable(width, stride)
        return [*net, layers.GlobalAveragePooling2D(), layers.Dense(10)]

    def stepper(name, mode, batch):
        channels, side = sizes[name]
        net = tf.keras.Sequential([tf.keras.Input((side, side, channels)), *network(name)])
        optimizer = tf.keras.optimizers.Adam(1e-3)
        optimizer.build(net.trainable_variables)
        images = tf.random.normal((batch, side, side, channels))
        labels = tf.random.uniform((batch,), 0, 10, tf.int32)

        def train(images, labels):
            with tf.GradientTape() as tape:
                logits = net(images, training=True)
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
                )
            optimizer.apply_gradients(
                zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
            )
            return loss

        forms = {"compiled": tf.function, "compiled-xla": lambda of: tf.function(of, jit_compile=True)}
        run = forms.get(mode, lambda of: of)(train)
        return lambda: float(run(images, labels))

    return stepper


stepper = {"torch": with_torch, "tensorflow": with_tensorflow}[framework]()
known = {}
for line in sys.stdin:
    wanted = json.loads(line)
    key = (wanted["net"], wanted["mode"], wanted["batchSize"])
    if key not in known:
        known[key] = stepper(*key)
        known[key]()
        known[key]()
    times = []
    for _ in range(wanted["steps"]):
        started = time.perf_counter()
        known[key]()
        times.append(time.perf_counter() - started)
    print(json.dumps({"imagesPerSecond": wanted["batchSize"] / statistics.median(times)}), flush=True)
