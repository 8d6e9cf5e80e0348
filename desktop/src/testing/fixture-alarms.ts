import type { Alarm, DriftFinding, FieldSample } from '@edgewise/protocol/http';
import { findingCounts } from './fixture-devices.ts';
import { digest } from './fixture-models.ts';
import { createRandom } from './random.ts';

function finding(
  nowMs: number,
  facts: Pick<
    DriftFinding,
    'device' | 'feature' | 'pattern' | 'direction' | 'effectSd' | 'logM'
  > & { readonly sd: number },
): DriftFinding {
  const { sd, ...rest } = facts;
  return {
    ...rest,
    gain: facts.pattern === 'offset' ? null : 0.71,
    logThreshold: Math.log(10_000),
    sinceMs: nowMs - 66_000,
    windows: 8,
    ...findingCounts(facts.effectSd ?? 0, sd),
  };
}

/** Alarms, newest first: one being labelled, one resolved. */
export function alarmFixtures(nowMs: number): readonly Alarm[] {
  return [
    {
      id: 'alarm-7',
      model: 'digits',
      version: 2,
      openedAtMs: nowMs - 30_000,
      status: 'labelling',
      devices: ['hall-2', 'hall-3'],
      unchanged: ['kitchen-4', 'lab-5'],
      findings: [
        finding(nowMs, {
          device: 'hall-2',
          feature: 'contrast',
          pattern: 'both',
          direction: 'down',
          effectSd: -0.62,
          logM: 10.6,
          sd: 0.5,
        }),
        finding(nowMs, {
          device: 'hall-2',
          feature: 'slant',
          pattern: 'offset',
          direction: 'up',
          effectSd: 0.44,
          logM: 9.4,
          sd: 0.71,
        }),
        finding(nowMs, {
          device: 'hall-3',
          feature: 'contrast',
          pattern: 'both',
          direction: 'down',
          effectSd: -0.57,
          logM: 9.9,
          sd: 0.52,
        }),
      ],
      sentence: 'contrast down, −0.6 sd and narrower, 2 of 4 devices; M 40,100, alarm at 10,000.',
      labelsAsked: 200,
      labelsGiven: 58,
      accuracy: { right: 41, of: 58, lower: 0.56, upper: 0.83 },
      decisions: [
        { atMs: nowMs - 30_000, sentence: 'Alarm opened: M passed 10,000 on contrast at hall-2.' },
        { atMs: nowMs - 29_000, sentence: 'Asked for 200 labels, half of them at random.' },
        {
          atMs: nowMs - 6_000,
          sentence:
            'Accuracy between 56 % and 83 %: not yet enough to say that more than 2 points are lost.',
        },
      ],
      run: 'run-4',
      rollout: null,
    },
    {
      id: 'alarm-6',
      model: 'digits',
      version: 1,
      openedAtMs: nowMs - 3_400_000,
      status: 'resolved',
      devices: ['gate-1'],
      unchanged: ['hall-2', 'hall-3', 'kitchen-4', 'lab-5'],
      findings: [
        finding(nowMs - 3_400_000, {
          device: 'gate-1',
          feature: 'brightness',
          pattern: 'offset',
          direction: 'up',
          effectSd: 0.9,
          logM: 9.5,
          sd: 0.7,
        }),
      ],
      sentence: 'brightness up, +0.9 sd, 1 of 5 devices; M 13,400, alarm at 10,000.',
      labelsAsked: 200,
      labelsGiven: 200,
      accuracy: { right: 171, of: 200, lower: 0.77, upper: 0.91 },
      decisions: [
        {
          atMs: nowMs - 3_400_000,
          sentence: 'Alarm opened: M passed 10,000 on brightness at gate-1.',
        },
        { atMs: nowMs - 3_100_000, sentence: 'At least 7 points lost: retraining with replay.' },
        { atMs: nowMs - 2_860_000, sentence: 'Version 2 serves on every device; closed.' },
      ],
      run: 'run-2',
      rollout: 'rollout-2',
    },
  ];
}

/** Samples that wait for a label, oldest first. */
export function sampleFixtures(nowMs: number): readonly FieldSample[] {
  const random = createRandom(11);
  return Array.from({ length: 24 }, (_, index) => ({
    sample: digest(`sample${String.fromCharCode(97 + index)}`),
    device: index % 2 === 0 ? 'hall-2' : 'hall-3',
    model: 'digits',
    version: 2,
    atMs: nowMs - 28_000 + index * 1_000,
    reason: index % 2 === 0 ? ('random' as const) : ('uncertain' as const),
    predicted: (index * 7) % 10,
    confidence: index % 2 === 0 ? 0.7 + 0.29 * random() : 0.3 + 0.3 * random(),
    alarm: 'alarm-7',
    dims: [1, 28, 28],
    dtype: 'uint8',
    status: 'waiting' as const,
    label: null,
  }));
}
