import { sha256 } from '@edgewise/models/crypto';
import {
  createProfile,
  createWindowCounter,
  fitBins,
  type WindowCounts,
} from '@edgewise/models/profile';
import { createRandom, type Random } from '@edgewise/models/random';
import { tensor } from '@edgewise/models/tensor';
import { encodeWindow, topicOf } from '@edgewise/protocol';
import type { RunBench } from './bench.ts';
import { atMost, type BenchResult, printed } from './result.ts';

const samples = 100;
const classes = 10;
/** As many as the digits model has. */
const features = 16;

/** Packs windows of a simulated stream and weighs them. */
export const benchWindow: RunBench = ({ seed }) => Promise.resolve(weigh(seed));

function weigh(seed: number): readonly BenchResult[] {
  const window = windowOf(seed);
  const body = bodyBytes(window);
  const perFeature = (body - bodyBytes({ ...window, features: [] })) / features;
  return [
    atMost(`body per feature at n = ${samples}`, { value: perFeature, unit: 'bytes', bound: 46 }),
    printed(`whole body, ${features} features, ${classes} classes`, body, 'bytes'),
    printed('whole MQTT message with its topic', messageBytes(body), 'bytes'),
  ];
}

const bodyBytes = (window: WindowCounts): number =>
  encodeWindow({ epoch: 3, sequence: 40_000, ...window }).length;

/** A full window of a stream that looks like its reference. */
function windowOf(seed: number): WindowCounts {
  const noise = createRandom(seed, 0);
  const rows = 2000;
  const names = Array.from({ length: features }, (_, index) => `f${index}`);
  const reference = Float32Array.from({ length: rows * features }, () => noise.normal());
  const bins = fitBins(tensor('float32', [rows, features], reference), names, { classes });
  const counter = createWindowCounter(createProfile(bins, [], { sha256 }), {
    samples,
    minSpanMs: 0,
    maxSpanMs: 60_000,
  });
  for (let sample = 0; ; sample++) {
    const closed = counter.add(answer(noise, sample));
    if (closed !== undefined) return closed;
  }
}

function answer(noise: Random, sample: number) {
  return {
    features: Float32Array.from({ length: features }, () => noise.normal()),
    class: Math.floor(noise.next() * classes),
    confidence: 0.5 + noise.next() / 2,
    latencyUs: 400 + 300 * noise.next(),
    nowMs: 1_767_225_600_000 + 25 * sample,
  };
}

/** An MQTT 3.1.1 PUBLISH at QoS 1: fixed header, topic, packet id, body. */
function messageBytes(body: number): number {
  const topic = topicOf('window', { fleet: 'home', device: 'camera-1' });
  const remaining = 2 + topic.length + 2 + body;
  return 1 + Math.ceil(Math.log2(remaining + 1) / 7) + remaining;
}
