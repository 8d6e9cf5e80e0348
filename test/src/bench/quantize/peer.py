"""
The same work as ours.ts with onnxruntime.quantization.quantize_static: file in, file out, calibrated
with the same images. Prints one JSON object.
"""

import json
import logging
import resource
import sys
import time

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
dims = [1, 3, 224, 224]
logging.disable(logging.WARNING)


class Images(CalibrationDataReader):
    def __init__(self):
        self.next_image = 0

    def get_next(self):
        if self.next_image == count:
            return None
        length = int(np.prod(dims))
        numbers = (np.arange(length, dtype=np.int64) + self.next_image * length) % 65537 * 7919 % 65537
        self.next_image += 1
        return {"x": (numbers / 32768.5 - 1).astype(np.float32).reshape(dims)}


started = time.perf_counter()
quantize_static(source, target, Images(), per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peakBytes": peak}))
