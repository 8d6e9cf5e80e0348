import Type, { type Static } from 'typebox';

const warmup = {
  /** Steps over which the rate rises linearly from zero; default 0. */
  warmupSteps: Type.Optional(Type.Integer({ minimum: 0 })),
};

/** How the learning rate moves over the steps of a training; `rate` of the optimizer is its peak. */
export const scheduleKinds = {
  constant: Type.Object(
    { kind: Type.Literal('constant'), ...warmup },
    { additionalProperties: false },
  ),
  step: Type.Object(
    {
      kind: Type.Literal('step'),
      ...warmup,
      /** Epochs between two drops. */
      everyEpochs: Type.Integer({ minimum: 1 }),
      /** What the rate is multiplied with at each drop. */
      factor: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    },
    { additionalProperties: false },
  ),
  cosine: Type.Object(
    {
      kind: Type.Literal('cosine'),
      ...warmup,
      /** Share of the peak that is left at the end; default 0. */
      floor: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    },
    { additionalProperties: false },
  ),
} as const;

/** The settings of one schedule, as recipes hold them. */
export type Schedule = {
  [K in keyof typeof scheduleKinds]: Static<(typeof scheduleKinds)[K]>;
}[keyof typeof scheduleKinds];

/** Where a training stands. */
export interface Progress {
  /** Steps done, from 0. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

/** The learning rate of the next step; cosine after Loshchilov and Hutter 2017, equation 5. */
export function learningRate(peak: number, schedule: Schedule, progress: Progress): number {
  const warmupSteps = schedule.warmupSteps ?? 0;
  if (progress.step < warmupSteps) return (peak * (progress.step + 1)) / warmupSteps;
  switch (schedule.kind) {
    case 'constant':
      return peak;
    case 'step': {
      const epoch = Math.floor(progress.step / progress.stepsPerEpoch);
      return peak * schedule.factor ** Math.floor(epoch / schedule.everyEpochs);
    }
    case 'cosine': {
      const total = progress.epochs * progress.stepsPerEpoch - warmupSteps;
      const share = Math.min(1, (progress.step - warmupSteps) / Math.max(1, total));
      const floor = schedule.floor ?? 0;
      return peak * (floor + ((1 - floor) * (1 + Math.cos(Math.PI * share))) / 2);
    }
  }
}
