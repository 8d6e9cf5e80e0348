import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../../onnx/builder.ts';
import { parameterNodes } from './parameter-nodes.ts';

test('nodes that only compute the scales of a resize are parameters, those of data are not', () => {
  const g = createGraphBuilder({ name: 'scaled' });
  const x = g.input('x', 'float32', [1, 1, 4, 4]);
  const factors = g.input('factors', 'float32', [2]);
  const halved = g.op('Mul', [factors, g.scalar(0.5)]);
  const scales = g.op('Concat', [factors, halved], {
    attributes: { axis: { type: 'int', value: 0n } },
  });
  const data = g.op('Relu', [x]);
  g.op('Resize', [data, '', scales], { output: 'y' });
  g.op('Add', [factors, factors], { output: 'z' });
  g.output('y', 'float32', [1, 1, 'h', 'w']);
  g.output('z', 'float32', [2]);
  assert.deepEqual(parameterNodes(g.build().graph), new Set([scales, halved]));
});
