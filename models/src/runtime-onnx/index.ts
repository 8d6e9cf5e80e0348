export { detectDeviceClass, detectInstructionSet } from './instruction-set.ts';
export { createOnnxRuntime } from './onnx-runtime.ts';
