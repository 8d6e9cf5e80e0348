import type { GraphBuilder } from '../../onnx/builder.ts';
import type { Attribute } from '../../onnx/graph.ts';

/**
 * How one operator is trained. A new operator is one entry in the table: `backward` writes the
 * nodes that turn the gradient of its output into the gradients of its inputs.
 */
export interface GradientRule {
  /**
   * Writes the operator in a form for training, where that differs from the form for inference
   * or where `backward` can reuse inner values. Must produce the node's own output names.
   */
  readonly forward?: (call: OperatorCall) => SavedValues;
  /** Whether the gradients of outputs other than the first matter, and the first may have none. */
  readonly manyOutputs?: boolean;
  /**
   * Gradients of the inputs, by position; `undefined` where there is none or it is not wanted.
   * Each has the size of its input.
   */
  readonly backward: (call: BackwardCall) => readonly (string | undefined)[];
}

/** Inner values of the forward pass by a name of the rule's choice. */
export type SavedValues = Readonly<Record<string, string>>;

/** One node of the forward graph, as a rule sees it. */
export interface OperatorCall {
  /** Where to write nodes. */
  readonly graph: GraphBuilder;
  readonly op: string;
  /** Names of the inputs; `''` where one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Sizes of a value of the forward graph. */
  dims(name: string): readonly number[];
  /** The numbers of a constant of the forward graph, or `undefined` for anything else. */
  constant(name: string): readonly number[] | undefined;
}

/** The same node on the way back. */
export interface BackwardCall extends OperatorCall {
  /**
   * Derivative of the loss by the first output; has the size of that output. Empty where a rule with
   * `manyOutputs` gets none.
   */
  readonly gradient: string;
  /** Derivatives by every output, by position; `undefined` where the loss does not depend on it. */
  readonly gradients: readonly (string | undefined)[];
  readonly saved: SavedValues;
  /** Whether anything depends on the gradient of this input. */
  wants(input: number): boolean;
}
