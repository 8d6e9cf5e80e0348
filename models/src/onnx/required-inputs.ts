const two = [
  ...['Add', 'And', 'Conv', 'ConvInteger', 'ConvTranspose', 'DequantizeLinear', 'Div', 'Equal'],
  ...['Expand', 'Gather', 'GatherElements', 'GatherND', 'Gemm', 'Greater', 'GreaterOrEqual'],
  ...['GridSample', 'LayerNormalization', 'Less', 'LessOrEqual', 'MatMul', 'MatMulInteger', 'Mod'],
  ...['Mul', 'Or', 'PRelu', 'Pow', 'QuantizeLinear', 'Reshape', 'ReverseSequence', 'Sub', 'Tile'],
  'Xor',
];
const three = [
  ...['GRU', 'GroupNormalization', 'InstanceNormalization', 'LSTM', 'OneHot', 'RNN', 'Range'],
  ...['RoiAlign', 'ScatterElements', 'ScatterND', 'Where'],
];

/**
 * How many inputs, counted from the first, an operator of the standard domain cannot do without
 * (ONNX Operators, "Inputs"); one that is not listed may need some in newer versions only.
 */
export const requiredInputs: ReadonlyMap<string, number> = new Map([
  ...two.map((op) => [op, 2] as const),
  ...three.map((op) => [op, 3] as const),
  ['BatchNormalization', 5],
  ['QLinearConv', 8],
  ['QLinearMatMul', 8],
]);
