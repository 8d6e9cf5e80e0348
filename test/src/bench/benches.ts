import type { BenchEntry } from './bench.ts';

/** Every bench, in the order in which `npm run bench` runs them; loaded when it is their turn. */
export const benches: readonly BenchEntry[] = [
  {
    name: 'window',
    summary: 'bytes of a packed window',
    load: async () => (await import('./window.ts')).benchWindow,
  },
  {
    name: 'training',
    summary:
      'images per second of the trainer on three networks, beside tfjs, TensorFlow and PyTorch',
    load: async () => (await import('./training/training.ts')).benchTraining,
  },
  {
    name: 'quantize',
    summary:
      'seconds and memory of quantizing a MobileNetV2 with 100 images, beside the Python tool',
    load: async () => (await import('./quantize/quantize.ts')).benchQuantize,
  },
  {
    name: 'accuracy',
    summary: 'what int8 and fewer bits cost small nets on MNIST and Fashion-MNIST, by every method',
    onlyWhenNamed: true,
    load: async () => (await import('./accuracy/accuracy.ts')).benchAccuracy,
  },
  {
    name: 'saturation',
    summary: 'the saturation report beside emulated processors, layer by layer',
    load: async () => (await import('./saturation/saturation.ts')).benchSaturation,
  },
  {
    name: 'detector',
    summary: 'Monte-Carlo proof of the drift detector: false alarms, delays, patterns, cost',
    load: async () => {
      const { benchDetector } = await import('./detector.ts');
      return ({ seed }) => Promise.resolve(benchDetector({ streams: 400, seed }));
    },
  },
  {
    name: 'digits',
    summary: 'accuracy and sizes of the digits model, trained, shrunk and packed by a hub',
    load: async () => (await import('./digits.ts')).benchDigits,
  },
  {
    name: 'agent',
    summary: 'memory and traffic of an idle agent',
    load: async () => (await import('./agent.ts')).benchAgent,
  },
  {
    name: 'agent-overhead',
    summary: 'what the agent adds to a bare run of the same model, from frame to prediction',
    load: async () => (await import('./agent-overhead/agent-overhead.ts')).benchAgentOverhead,
  },
  {
    name: 'fleet',
    summary: '500 simulated agents receive a bundle while the hub answers pings',
    load: async () => (await import('./fleet.ts')).benchFleet,
  },
  {
    name: 'loop',
    summary: 'the whole loop of `npm start -- --once` with three seeds',
    onlyWhenNamed: true,
    load: async () => (await import('./loop.ts')).benchLoop,
  },
];
