import type { Attribute, Initializer, Node } from '../onnx/graph.ts';
import { tensor } from '../tensor/tensor.ts';

/** What a `Constant` node holds, in any of the forms of the ONNX operator (`value`, `value_int`, ...). */
export function heldConstant(node: Node): Initializer | undefined {
  if (node.op !== 'Constant' || node.domain !== '') return undefined;
  const [attribute] = node.attributes.values();
  return attribute === undefined ? undefined : constantOf(attribute);
}

function constantOf(held: Attribute): Initializer | undefined {
  switch (held.type) {
    case 'tensor':
      return held.value;
    case 'float':
      return tensor('float32', [], new Float32Array([held.value]));
    case 'floats':
      return tensor('float32', [held.value.length], new Float32Array(held.value));
    case 'int':
      return tensor('int64', [], new BigInt64Array([held.value]));
    case 'ints':
      return tensor('int64', [held.value.length], new BigInt64Array(held.value));
    default:
      return undefined;
  }
}
