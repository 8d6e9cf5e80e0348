import { createHash } from 'node:crypto';
import { type Digits, type Frame, frameAt } from './mnist.ts';
import { likeNew, seenThrough, type Wear } from './worn-camera.ts';

/** Answers that were right, of those that were given, by model version. */
export interface Score {
  right: number;
  of: number;
}

/** A camera in front of one agent: it posts frames over HTTP and compares the answers with the truth. */
export interface Camera {
  readonly device: string;
  /** What the camera sees from now on. */
  show(scene: Digits): void;
  wear(wear: Wear): void;
  /** Frames answered so far. */
  readonly frames: number;
  /** Model versions that ever answered. */
  readonly versions: ReadonlySet<number>;
  /** Starts a new score and returns it; it grows with every answer from now on. */
  measure(): Score;
  /** Posts frames until the signal aborts; rejects when the agent stays away for three minutes. */
  run(signal: AbortSignal): Promise<void>;
}

interface CameraOptions {
  readonly device: string;
  /** Where the agent takes frames. */
  readonly url: string;
  readonly scene: Digits;
  /** First image of the scene. */
  readonly start: number;
  /** Told of every frame as the agent gets it, by SHA-256: what a person would see in it. */
  readonly remember: (sha256: string, digit: number) => void;
  /** Pause between two posts, milliseconds. */
  readonly pauseMs: () => number;
}

/** Frames of one request: a camera's short burst. */
const burst = 20;
const patienceMs = 180_000;

interface Answered {
  readonly predictions: readonly { readonly class: number; readonly version: number }[];
}

/** A camera that shows one image after the other. */
export function createCamera(options: CameraOptions): Camera {
  let { scene, start: next } = options;
  let wear = likeNew;
  let frames = 0;
  let score: Score = { right: 0, of: 0 };
  const versions = new Set<number>();

  function takeBurst(): readonly Frame[] {
    return Array.from({ length: burst }, () => {
      const { pixels, digit } = frameAt(scene, next++);
      return { pixels: seenThrough(pixels, wear), digit };
    });
  }

  async function post(taken: readonly Frame[], signal: AbortSignal): Promise<Answered> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        const response = await fetch(`${options.url}/v1/predict`, {
          method: 'POST',
          body: Buffer.concat(taken.map(({ pixels }) => pixels)),
          headers: { 'content-type': 'application/octet-stream' },
          signal,
        });
        if (response.ok) return (await response.json()) as Answered;
        await response.body?.cancel();
      } catch (thrown) {
        if (signal.aborted) throw thrown;
      }
      if (Date.now() > deadline)
        throw new Error(`${options.device} has not answered its camera for three minutes.`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async function showBurst(signal: AbortSignal): Promise<void> {
    const taken = takeBurst();
    const current = score;
    for (const { pixels, digit } of taken)
      options.remember(createHash('sha256').update(pixels).digest('hex'), digit);
    const { predictions } = await post(taken, signal);
    for (const [index, prediction] of predictions.entries()) {
      versions.add(prediction.version);
      current.of++;
      if (prediction.class === taken[index]?.digit) current.right++;
    }
    frames += predictions.length;
  }

  return {
    device: options.device,
    versions,
    get frames() {
      return frames;
    },
    show(newScene) {
      scene = newScene;
    },
    wear(newWear) {
      wear = newWear;
    },
    measure() {
      score = { right: 0, of: 0 };
      return score;
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          await showBurst(signal);
          const pauseMs = options.pauseMs();
          if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        } catch (thrown) {
          if (!signal.aborted) throw thrown;
        }
      }
    },
  };
}
