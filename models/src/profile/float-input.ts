import type { ModelInput } from '../bundle/manifest.ts';
import { int } from '../onnx/builder.ts';
import type { HeadWriter } from './head-writer.ts';

/** An input in float32: what the model makes of it anyway, where it does. */
export function floatInput(writer: HeadWriter, { name, dtype }: ModelInput): string {
  if (dtype === 'float32') return name;
  return knownFloat(writer, name) ?? writer.op('Cast', [name], { to: int(float32) });
}

/** An image whose colours come last, in float32 and with colours first, where the model makes that of it. */
export function channelsFirst(writer: HeadWriter, { name, dtype }: ModelInput): string | undefined {
  const moved = writer.known(name, 'Transpose', (attributes) => {
    const perm = attributes.get('perm');
    return perm?.type === 'ints' && perm.value.join() === '0,3,1,2';
  });
  if (moved === undefined || dtype === 'float32') return moved;
  return knownFloat(writer, moved);
}

/** TensorProto.DataType.FLOAT. */
const float32 = 1;

function knownFloat(writer: HeadWriter, value: string): string | undefined {
  return writer.known(value, 'Cast', (attributes) => {
    const to = attributes.get('to');
    return to?.type === 'int' && Number(to.value) === float32;
  });
}
