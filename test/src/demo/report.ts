import { percent } from './say.ts';

/** What one run of the loop measured; the last line of `npm start -- --once`. */
export interface LoopReport {
  /** Of version 1 on the 10,000 test images, 0 to 1. */
  readonly fp32Accuracy: number;
  readonly int8Accuracy: number;
  readonly fp32Bytes: number;
  readonly int8Bytes: number;
  readonly bundleBytes: number;
  readonly trainImagesPerSecond: number;
  /** Windows tested after the baselines and before the drift, over all devices. */
  readonly cleanWindows: number;
  readonly falseAlarms: number;
  /** Windows of the first device that was named, from the onset of the drift. */
  readonly windowsToAlarm: number;
  readonly labelsUsed: number;
  /** On the two drifted devices and images that nobody ever labelled. */
  readonly driftedAccuracyBefore: number;
  readonly driftedAccuracyAfter: number;
  /** On the third device, with the retrained version. */
  readonly cleanAccuracyAfter: number;
  /** Answers that a broken bundle gave. */
  readonly brokenBundleServed: number;
  readonly unexplainedLosses: number;
  readonly versions: readonly number[];
  readonly peakRssBytes: number;
  readonly secondsToFirstServed: number;
  readonly seconds: number;
}

/** Figures that only the verdict needs: accuracies on the same images before the drift. */
export interface Backdrop {
  /** On the two devices that will drift. */
  readonly driftingBefore: number;
  /** On the third. */
  readonly steadyBefore: number;
}

interface Claim {
  readonly sentence: string;
  readonly holds: boolean;
}

/** Share of the lost accuracy that came back. */
export function recovered(report: LoopReport, { driftingBefore }: Backdrop): number {
  const lost = driftingBefore - report.driftedAccuracyBefore;
  return lost <= 0 ? 1 : (report.driftedAccuracyAfter - report.driftedAccuracyBefore) / lost;
}

/** What the loop claims, held against what was measured. */
export function claims(report: LoopReport, backdrop: Backdrop): readonly Claim[] {
  const int8Loss = report.fp32Accuracy - report.int8Accuracy;
  const cleanLoss = backdrop.steadyBefore - report.cleanAccuracyAfter;
  const back = recovered(report, backdrop);
  return [
    {
      sentence: `fp32 accuracy ${percent(report.fp32Accuracy)}, at least 98.5 %`,
      holds: report.fp32Accuracy >= 0.985,
    },
    { sentence: `int8 loses ${percent(int8Loss)}, at most 0.3 points`, holds: int8Loss <= 0.003 },
    {
      sentence: `int8 graph ${percent(report.int8Bytes / report.fp32Bytes)} of the fp32 file, at most 28 %`,
      holds: report.int8Bytes <= 0.28 * report.fp32Bytes,
    },
    {
      sentence: `bundle ${percent(report.bundleBytes / report.fp32Bytes)} of the fp32 file, at most 35 %`,
      holds: report.bundleBytes <= 0.35 * report.fp32Bytes,
    },
    {
      sentence: `${report.falseAlarms} false alarms, ${report.cleanWindows} clean windows before the drift (at least 60)`,
      holds: report.falseAlarms === 0 && report.cleanWindows >= 60,
    },
    {
      sentence: `alarm after ${report.windowsToAlarm} windows, at most 10`,
      holds: report.windowsToAlarm <= 10,
    },
    { sentence: `${report.labelsUsed} labels, at most 1,000`, holds: report.labelsUsed <= 1000 },
    {
      sentence: `${percent(back)} of the lost accuracy came back, at least 80 %`,
      holds: back >= 0.8,
    },
    {
      sentence: `clean images lose ${percent(cleanLoss)}, at most 1 point`,
      holds: cleanLoss <= 0.01,
    },
    {
      sentence: `${report.brokenBundleServed} answers from a broken bundle`,
      holds: report.brokenBundleServed === 0,
    },
    {
      sentence: `${report.unexplainedLosses} messages lost without a record`,
      holds: report.unexplainedLosses === 0,
    },
  ];
}
