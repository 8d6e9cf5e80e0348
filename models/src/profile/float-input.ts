import type { ModelInput } from '../bundle/manifest.ts';
import { int } from '../onnx/builder.ts';
import type { HeadWriter } from './head-writer.ts';

/** An input in float32: what the model makes of it anyway, where it does. */
export function floatInput(writer: HeadWriter, { name, dtype }: ModelInput): string {
  if (dtype === 'float32') return name;
  return knownFloat(writer, name) ?? writer.op('Cast', [name], { to: int(float32) });
}

/** TensorProto.DataType.FLOAT. */
const float32 = 1;

function knownFloat(writer: HeadWriter, value: string): string | undefined {
  return writer.known(value, 'Cast', (attributes) => {
    const to = attributes.get('to');
    return to?.type === 'int' && Number(to.value) === float32;
  });
}
