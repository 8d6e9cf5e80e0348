/** The engine's module, typed by its own declarations. */
export type Engine = typeof import('onnxruntime-node');
