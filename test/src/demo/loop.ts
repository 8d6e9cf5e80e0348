import { createRandom } from '@edgewise/models/random';
import type { ModelVersion } from '@edgewise/protocol/http';
import { type Camera, createCamera } from './camera.ts';
import { pushBroken } from './drill.ts';
import { importDigits, trainFirst } from './first-version.ts';
import { figureOf, rollOut } from './follow.ts';
import { readTest, split } from './mnist.ts';
import { observe } from './observer.ts';
import { label, retrained } from './renewal.ts';
import type { Backdrop, LoopReport } from './report.ts';
import { percent } from './say.ts';
import { devices, drifting, type LoopOptions, name, paces, type Scene } from './scene.ts';
import { deviceFolder, enrolAgent, type RunningAgent, startAgent } from './stack.ts';
import { accuracyOf, watchClean, watchedWindows } from './watching.ts';
import { lastSequence, wearOut, windowsUntilAlarm } from './wearing-out.ts';

const labelableCount = 5000;
/** Windows each device is watched after its baseline before the drift begins, at least. */
const cleanWindowsEach = 30;
/** Images behind each accuracy of the drifted devices, per device. */
const measuredFrames = 2500;

/** Agents and cameras of a loop that has ended well, still running. */
export interface LoopResult {
  readonly report: LoopReport;
  readonly backdrop: Backdrop;
  readonly agents: readonly RunningAgent[];
}

/** Runs the whole loop once, from raw data to a refused broken bundle. */
export async function runLoop(options: LoopOptions): Promise<LoopResult> {
  const { hub, seed, signal, say, memory } = options;
  const random = createRandom(seed);
  // One split for good: some images may be labelled, the others are only ever used to measure.
  const [labelable, measured] = split(await readTest(), labelableCount, createRandom(20_260_101));
  const scene: Scene = {
    ...options,
    random,
    labelable,
    measured,
    observer: observe(hub.client, signal),
    truth: new Map(),
    pace: { pauseMs: paces.watching },
  };

  say.stage('Enrolling three agents, each a process of its own');
  const agents = await startAgents(scene);

  say.stage('Training a small CNN on 55,000 images, shrinking it to int8, packaging and signing');
  await importDigits(scene);
  const first = await trainFirst(scene);

  const cameras = agents.map((agent, index) => cameraOf(scene, agent, index));
  const running = Promise.all(cameras.map((camera) => camera.run(signal)));

  say.stage('Rolling out: one device first, then the rest');
  await rollOut(scene, first);
  const secondsToFirstServed = (Date.now() - options.startedAtMs) / 1000;
  say.fact(`all three serve ${name} ${first.version} after ${secondsToFirstServed.toFixed(0)} s`);

  const story = await Promise.race([
    tellStory(scene, cameras, first),
    running.then(() => Promise.reject(new Error('The cameras stopped.'))),
  ]);
  const status = await hub.client.call('status');
  const served = await hub.client.call('getDevice', { params: { device: devices[0] } });
  const variant = first.variants.find(({ deviceClass }) => deviceClass === served.deviceClass);
  return {
    agents,
    backdrop: { driftingBefore: story.cleanBefore, steadyBefore: story.steadyBefore },
    report: {
      fp32Accuracy: figureOf(first.fp32.accuracy),
      int8Accuracy: variant?.accuracy ?? 0,
      fp32Bytes: figureOf(first.fp32.graphBytes),
      int8Bytes: variant?.graphBytes ?? 0,
      bundleBytes: variant?.bundleBytes ?? 0,
      trainImagesPerSecond: Math.round(first.imagesPerSecond),
      cleanWindows: story.cleanWindows,
      falseAlarms: story.falseAlarms,
      windowsToAlarm: story.windowsToAlarm,
      labelsUsed: story.labelsUsed,
      driftedAccuracyBefore: story.driftedBefore,
      driftedAccuracyAfter: story.driftedAfter,
      cleanAccuracyAfter: story.cleanAfter,
      brokenBundleServed: story.brokenAnswers,
      unexplainedLosses: status.unexplainedLosses,
      versions: [...new Set(cameras.flatMap((camera) => [...camera.versions]))].sort(
        (a, b) => a - b,
      ),
      peakRssBytes: memory.peakBytes,
      secondsToFirstServed: Number(secondsToFirstServed.toFixed(1)),
      seconds: Number(((Date.now() - options.startedAtMs) / 1000).toFixed(1)),
    },
  };
}

async function startAgents({ hub, folder, keep }: Scene): Promise<readonly RunningAgent[]> {
  return await Promise.all(
    devices.map(async (device) => {
      await enrolAgent(hub.client, device, { folder: deviceFolder(folder, device) });
      const agent = await startAgent(device, deviceFolder(folder, device));
      keep.use(agent.program);
      return agent;
    }),
  );
}

function cameraOf(
  { labelable, random, truth, pace }: Scene,
  agent: RunningAgent,
  index: number,
): Camera {
  return createCamera({
    device: agent.device,
    url: agent.url,
    scene: labelable,
    start: Math.floor(((index + random.next()) / devices.length) * labelable.count),
    remember: (sha256, digit) => truth.set(sha256, digit),
    pauseMs: () => pace.pauseMs,
  });
}

interface Story {
  readonly cleanBefore: number;
  readonly steadyBefore: number;
  readonly cleanWindows: number;
  readonly windowsToAlarm: number;
  readonly labelsUsed: number;
  readonly driftedBefore: number;
  readonly driftedAfter: number;
  readonly cleanAfter: number;
  readonly falseAlarms: number;
  readonly brokenAnswers: number;
}

/** From the first clean frame to the refused bundle. */
async function tellStory(
  scene: Scene,
  cameras: readonly Camera[],
  first: ModelVersion,
): Promise<Story> {
  const { say, observer, random } = scene;
  const worse = cameras.filter(({ device }) => drifting.includes(device));
  const steady = cameras.filter(({ device }) => !drifting.includes(device));

  say.stage('Watching: each device gathers its own baseline, then is tested window by window');
  const extra = random.below(20);
  await watchClean(scene, 'clean', cleanWindowsEach + extra);
  const cleanBefore = await accuracyOf(scene, worse, 'clean images', measuredFrames);
  const steadyBefore = await accuracyOf(scene, steady, 'clean images', measuredFrames);
  const cleanWindows = watchedWindows(observer).length;
  say.fact(
    `${percent(cleanBefore)} right on clean images; ${cleanWindows} windows tested, ${observer.alarms.size} alarms`,
  );

  say.stage('Two cameras wear out: the contrast fades and the mount tilts');
  const onset = new Map(worse.map(({ device }) => [device, lastSequence(observer, device)]));
  const alarmsBefore = observer.alarms.size;
  await wearOut(worse);
  const alarm = await observer.until('a drift alarm', 60_000, () =>
    [...observer.alarms.values()].find(({ devices: named }) =>
      named.some((device) => drifting.includes(device)),
    ),
  );
  const windowsToAlarm = windowsUntilAlarm(observer, onset);
  say.fact(alarm.sentence);
  say.fact(`alarm after ${windowsToAlarm} windows`);

  say.stage('Labels: the hub asks the drifted devices for samples, a person answers');
  const labels = await label(scene, alarm.id);
  say.fact(`${labels} labels given`);

  say.stage(
    'Retraining with replay of the old data; meanwhile the old model is measured on the worn cameras',
  );
  const driftedBefore = await accuracyOf(scene, worse, 'worn cameras, old model', measuredFrames);
  say.fact(`${percent(driftedBefore)} right on the worn cameras, on images nobody labels`);
  const second = await retrained(scene, alarm.id);

  say.stage(`Serving ${name} ${second.version}`);
  const driftedAfter = await accuracyOf(scene, worse, 'worn cameras, new model', measuredFrames);
  const cleanAfter = await accuracyOf(scene, steady, 'clean camera, new model', measuredFrames);
  say.fact(
    `${percent(driftedAfter)} right on the worn cameras, ${percent(cleanAfter)} on the clean one`,
  );
  await watchClean(scene, 'after the retraining', 20);

  say.stage('A broken bundle: wrong weights, properly signed; then one with a forged signature');
  const brokenAnswers = await pushBroken(scene, cameras, first, second);
  const falseAlarms =
    [...observer.alarms.values()].filter(({ id }) => id !== alarm.id).length +
    alarmsBefore +
    alarm.devices.filter((device) => !drifting.includes(device)).length;
  return {
    cleanBefore,
    steadyBefore,
    cleanWindows,
    windowsToAlarm,
    labelsUsed: labels,
    driftedBefore,
    driftedAfter,
    cleanAfter,
    falseAlarms,
    brokenAnswers,
  };
}
