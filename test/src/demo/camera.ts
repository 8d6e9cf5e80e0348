import { createHash } from 'node:crypto';
import { type Digits, type Frame, frameAt } from './mnist.ts';
import { likeNew, seenThrough, type Wear } from './worn-camera.ts';

/** Answers that were right, of those that were given. */
export interface Score {
  right: number;
  of: number;
}

/** An examination under way. */
export interface Exam {
  readonly score: Readonly<Score>;
  /** Resolves when every image was answered. */
  readonly done: Promise<Readonly<Score>>;
}

/** A camera in front of one agent: it posts frames over HTTP and compares the answers with the truth. */
export interface Camera {
  readonly device: string;
  wear(wear: Wear): void;
  /** Frames answered so far. */
  readonly frames: number;
  /** Model versions that ever answered. */
  readonly versions: ReadonlySet<number>;
  /** Shows images 0 to `count - 1` of another scene, each once, and then its own scene again. */
  examine(images: Digits, count: number): Exam;
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

interface RunningExam {
  readonly images: Digits;
  /** The next image, and where it ends. */
  at: number;
  readonly end: number;
  readonly score: Score;
  readonly settle: (score: Readonly<Score>) => void;
}

interface Answered {
  readonly predictions: readonly { readonly class: number; readonly version: number }[];
}

/** A camera that shows one image after the other. */
export function createCamera(options: CameraOptions): Camera {
  const { scene } = options;
  let next = options.start;
  let wear = likeNew;
  let frames = 0;
  let exam: RunningExam | undefined;
  const versions = new Set<number>();

  function takeBurst(): readonly Frame[] {
    const from = exam ?? { images: scene, at: next, end: next + burst };
    const count = Math.min(burst, from.end - from.at);
    const taken = Array.from({ length: count }, (_, index) => {
      const { pixels, digit } = frameAt(from.images, from.at + index);
      return { pixels: seenThrough(pixels, wear), digit };
    });
    if (exam) exam.at += count;
    else next += count;
    return taken;
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
    const current = exam;
    const taken = takeBurst();
    for (const { pixels, digit } of taken)
      options.remember(createHash('sha256').update(pixels).digest('hex'), digit);
    const { predictions } = await post(taken, signal);
    for (const [index, prediction] of predictions.entries()) {
      versions.add(prediction.version);
      if (current) current.score.of++;
      if (current && prediction.class === taken[index]?.digit) current.score.right++;
    }
    frames += predictions.length;
    if (current && current.at === current.end) {
      exam = undefined;
      current.settle(current.score);
    }
  }

  return {
    device: options.device,
    versions,
    get frames() {
      return frames;
    },
    wear(newWear) {
      wear = newWear;
    },
    examine(images, count) {
      const { promise, resolve } = Promise.withResolvers<Readonly<Score>>();
      const score = { right: 0, of: 0 };
      exam = { images, at: 0, end: count, score, settle: resolve };
      return { score, done: promise };
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
