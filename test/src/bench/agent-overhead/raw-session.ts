import { readManifest } from '@edgewise/models/bundle';
import { readModel, writeModel } from '@edgewise/models/onnx';
import { eliminateDead } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A graph and one frame in a session of the engine's own, as a program would use it without an agent. */
export interface RawSession extends AsyncDisposable {
  run(): Promise<unknown>;
}

interface RawInput {
  readonly manifest: Uint8Array;
  readonly graph: Uint8Array;
  /** One frame. */
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** Opens a bundle's graph, with the outputs that the agent asks for or those of the model alone. */
export async function openRawSession(
  bundle: RawInput,
  has: 'profile' | 'no profile',
): Promise<RawSession> {
  const { task, inputs, profileOutput = '' } = readManifest(bundle.manifest);
  const [input] = inputs;
  if (task.kind !== 'classification' || input === undefined) {
    throw new FleetError('unsupported', 'Only classifiers are timed.');
  }
  const wanted = has === 'profile' ? [task.output, profileOutput] : [task.output];
  const graph = has === 'profile' ? bundle.graph : withOutputs(bundle.graph, wanted);
  const session = await InferenceSession.create(graph, {
    ...{ intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 },
    // As the agent has it: spinning threads would burn a core.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const dims = [1, ...input.dims];
  const { frame } = bundle;
  const tensor =
    input.dtype === 'uint8'
      ? new Tensor('uint8', frame, dims)
      : new Tensor('float32', new Float32Array(frame.buffer), dims);
  return {
    run: () => session.run({ [input.name]: tensor }, wanted),
    [Symbol.asyncDispose]: () => session.release(),
  };
}

function withOutputs(graph: Uint8Array, wanted: readonly string[]): Uint8Array {
  const model = readModel(graph);
  const outputs = model.graph.outputs.filter(({ name }) => wanted.includes(name));
  return writeModel(eliminateDead({ ...model, graph: { ...model.graph, outputs } }));
}
