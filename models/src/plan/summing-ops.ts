/** Operators whose sums of products processors compute each in its own way. */
export const summingOps: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
