import { nameOf, readsOf } from '../onnx/edit.ts';
import type { Graph, OpaqueDType } from '../onnx/graph.ts';
import { valueInfoOf } from '../onnx/shapes/infer.ts';
import { arrays, type DType, elementCount } from '../tensor/tensor.ts';
import { knownDims } from './macs.ts';

/** The moment when most activations are needed at once. */
export interface PeakMemory {
  readonly bytes: number;
  /** Node that runs at that moment. */
  readonly node: string;
  /** Values whose size cannot be told; they are not counted. */
  readonly unknown: number;
}

/**
 * Least memory for activations when nodes run in the order of the file and a value is given up
 * after its last reader: constants are not counted, nor what a runtime saves by working in place.
 * The graph's shapes must have been inferred.
 */
export function peakActivationMemory(graph: Graph): PeakMemory {
  const last = lastReaders(graph);
  const living = createLiving(graph);
  let peak = { bytes: 0, node: '' };
  for (const { name } of graph.inputs) living.begin(name);
  for (const [at, node] of graph.nodes.entries()) {
    for (const name of node.outputs) living.begin(name);
    const bytes = living.bytes();
    if (bytes > peak.bytes) peak = { bytes, node: nameOf(node) };
    for (const name of [...readsOf(node), ...node.outputs]) {
      if ((last.get(name) ?? at) <= at) living.end(name);
    }
  }
  return { ...peak, unknown: living.unknown() };
}

interface Living {
  begin(name: string): void;
  end(name: string): void;
  bytes(): number;
  unknown(): number;
}

/** Values that are held at a moment, and their bytes; each begins once. */
function createLiving(graph: Graph): Living {
  const sizes = new Map<string, number>();
  let bytes = 0;
  let unknown = 0;
  return {
    begin(name) {
      if (name === '' || graph.initializers.has(name) || sizes.has(name)) return;
      const size = byteSize(graph, name);
      if (size === undefined) unknown++;
      sizes.set(name, size ?? 0);
      bytes += size ?? 0;
    },
    end(name) {
      bytes -= sizes.get(name) ?? 0;
      if (sizes.has(name)) sizes.set(name, 0);
    },
    bytes: () => bytes,
    unknown: () => unknown,
  };
}

/** Place of the last node that reads each value; graph outputs live to the end. */
function lastReaders(graph: Graph): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const [at, node] of graph.nodes.entries())
    for (const name of readsOf(node)) last.set(name, at);
  for (const { name } of graph.outputs) last.set(name, graph.nodes.length);
  return last;
}

function byteSize(graph: Graph, name: string): number | undefined {
  const dims = knownDims(graph, name);
  const bytes = bytesPerElement(valueInfoOf(graph, name)?.dtype);
  return dims === undefined || bytes === undefined ? undefined : elementCount(dims) * bytes;
}

/** Bytes of one element; `undefined` for types without a fixed size. */
export function bytesPerElement(dtype: DType | OpaqueDType | undefined): number | undefined {
  if (dtype === 'float16' || dtype === 'bfloat16') return 2;
  return dtype !== undefined && dtype in arrays
    ? arrays[dtype as DType].BYTES_PER_ELEMENT
    : undefined;
}
