import Type, { type Static } from 'typebox';
import type { GraphBuilder } from '../onnx/builder.ts';

const shared = {
  /** Peak learning rate. */
  rate: Type.Number({ exclusiveMinimum: 0, maximum: 10 }),
  /** Share of a weight that is taken off per unit of rate (decoupled decay); default 0. Biases and scales are left alone. */
  weightDecay: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
};

const Decay = Type.Number({ minimum: 0, exclusiveMaximum: 1 });

/** How gradients move weights: the settings of each kind. */
export const optimizerKinds = {
  sgd: Type.Object(
    {
      kind: Type.Literal('sgd'),
      ...shared,
      /** Default 0: plain gradient descent. */
      momentum: Type.Optional(Decay),
    },
    { additionalProperties: false },
  ),
  adam: Type.Object(
    {
      kind: Type.Literal('adam'),
      ...shared,
      /** Default 0.9. */
      beta1: Type.Optional(Decay),
      /** Default 0.999. */
      beta2: Type.Optional(Decay),
      /** Default 1e-7. In float32, which the step computes in, smaller ones than allowed are zero. */
      epsilon: Type.Optional(Type.Number({ minimum: 1e-30, maximum: 1 })),
    },
    { additionalProperties: false },
  ),
} as const;

type Settings<K extends keyof typeof optimizerKinds> = Static<(typeof optimizerKinds)[K]>;
/** The settings of one optimizer, as recipes hold them. */
export type Optimizer = Settings<'sgd'> | Settings<'adam'>;

/** An optimizer with its settings. */
export interface Update {
  /** Names of the tensors that it keeps per weight, each of the weight's size and zero at first. */
  readonly slots: readonly string[];
  /** Numbers that change with the step, from 1; they become scalar inputs of the graph. */
  scalars(step: number): Readonly<Record<string, number>>;
  /** Writes the nodes that move weights (one, or all in one vector), and returns their successors' names. */
  write(graph: GraphBuilder, call: UpdateCall): UpdateResult;
}

interface UpdateCall {
  readonly weight: string;
  readonly gradient: string;
  /** Names of the slots' present values. */
  readonly slots: Readonly<Record<string, string>>;
  /** Names of the scalar inputs. */
  readonly scalars: Readonly<Record<string, string>>;
  /** Name of the learning rate. */
  readonly rate: string;
  /** Name of what each number loses per unit of rate, beside its gradient; default nothing. */
  readonly decay?: string;
}

interface UpdateResult {
  readonly weight: string;
  readonly slots: Readonly<Record<string, string>>;
}

/** The update that settings ask for. */
export function createUpdate(optimizer: Optimizer): Update {
  return optimizer.kind === 'adam' ? adam(optimizer) : momentum(optimizer);
}

/** v' = momentum v + g, w' = w - rate v' (Sutskever et al. 2013, in the form that tfjs and PyTorch use). */
function momentum(settings: Settings<'sgd'>): Update {
  const share = settings.momentum ?? 0;
  return {
    slots: share === 0 ? [] : ['velocity'],
    scalars: () => ({}),
    write(graph, call) {
      const { slots, gradient } = call;
      if (share === 0) return { weight: moved(graph, call, gradient), slots: {} };
      const kept = graph.op('Mul', [slots.velocity ?? '', graph.scalar(share)]);
      const velocity = graph.op('Add', [kept, gradient]);
      return { weight: moved(graph, call, velocity), slots: { velocity } };
    },
  };
}

/** Kingma and Ba 2015, algorithm 1; weight decay after Loshchilov and Hutter 2019 (AdamW). */
function adam(settings: Settings<'adam'>): Update {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = settings;
  return {
    slots: ['mean', 'square'],
    scalars: (step) => ({
      correction1: 1 / (1 - beta1 ** step),
      correction2: 1 / (1 - beta2 ** step),
    }),
    write(graph, call) {
      const { gradient, slots, scalars } = call;
      const blend = (old: string, fresh: string, beta: number): string =>
        graph.op('Add', [
          graph.op('Mul', [old, graph.scalar(beta)]),
          graph.op('Mul', [fresh, graph.scalar(1 - beta)]),
        ]);
      const mean = blend(slots.mean ?? '', gradient, beta1);
      const squared = graph.op('Mul', [gradient, gradient]);
      const square = blend(slots.square ?? '', squared, beta2);
      const unbiased = graph.op('Mul', [square, scalars.correction2 ?? '']);
      const scale = graph.op('Add', [graph.op('Sqrt', [unbiased]), graph.scalar(epsilon)]);
      const direction = graph.op('Div', [
        graph.op('Mul', [mean, scalars.correction1 ?? '']),
        scale,
      ]);
      return { weight: moved(graph, call, direction), slots: { mean, square } };
    },
  };
}

function moved(
  graph: GraphBuilder,
  { weight, rate, decay }: UpdateCall,
  direction: string,
): string {
  const total =
    decay === undefined
      ? direction
      : graph.op('Add', [direction, graph.op('Mul', [weight, decay])]);
  return graph.op('Sub', [weight, graph.op('Mul', [rate, total])]);
}
