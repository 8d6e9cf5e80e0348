import { readManifest } from '@edgewise/models/bundle';
import { readModel, writeModel } from '@edgewise/models/onnx';
import { eliminateDead } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A bundle's graph in a session of the engine's own, as a program would use it without an agent. */
export interface RawSession extends AsyncDisposable {
  run(): Promise<unknown>;
}

interface RawInput {
  readonly manifest: Uint8Array;
  readonly graph: Uint8Array;
  /** One frame. */
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** Opens the graph without the profile vector, which only the agent needs, with one frame as its input. */
export async function openRawSession(bundle: RawInput): Promise<RawSession> {
  const { task, inputs } = readManifest(bundle.manifest);
  const [input] = inputs;
  if (task.kind !== 'classification' || input === undefined) {
    throw new FleetError('unsupported', 'Only classifiers are timed.');
  }
  const model = readModel(bundle.graph);
  const outputs = model.graph.outputs.filter(({ name }) => name === task.output);
  const bare = eliminateDead({ ...model, graph: { ...model.graph, outputs } });
  const session = await InferenceSession.create(writeModel(bare), {
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
    run: () => session.run({ [input.name]: tensor }),
    [Symbol.asyncDispose]: () => session.release(),
  };
}
