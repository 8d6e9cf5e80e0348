import { innerGraphsOf } from './edit.ts';
import type { Graph, Initializer } from './graph.ts';

/** A file beside the model that takes its large constants. */
export interface ExternalSink {
  /** The file's path relative to the model, with forward slashes. */
  readonly location: string;
  /** Constants of at least so many bytes are taken; default 1024. */
  readonly fromBytes?: number;
  /** Takes bytes for an offset in the file; offsets ascend, and what lies between is zero. */
  write(bytes: Uint8Array, offsetBytes: number): void;
}

/** Where a constant lies. */
export interface Place {
  readonly location: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}
export type PlacedConstants = ReadonlyMap<Initializer, Place>;

/** Large constants start at a page, so that they can be mapped into memory (ONNX, "External Data"). */
const pageBytes = 4096;
const mappedFromBytes = 2 ** 20;
const smallAlignBytes = 64;

/** Hands large constants to the sink in the order of the graph and says where each lies. */
export function placeConstants(graph: Graph, sink: ExternalSink | undefined): PlacedConstants {
  const placed = new Map<Initializer, Place>();
  if (sink === undefined) return placed;
  const { location, fromBytes = 1024 } = sink;
  let end = 0;
  const place = (constant: Initializer): void => {
    const { data } = constant;
    if (!ArrayBuffer.isView(data) || data.byteLength < fromBytes || placed.has(constant)) return;
    const lengthBytes = data.byteLength;
    const alignBytes = lengthBytes < mappedFromBytes ? smallAlignBytes : pageBytes;
    const offsetBytes = Math.ceil(end / alignBytes) * alignBytes;
    sink.write(new Uint8Array(data.buffer, data.byteOffset, lengthBytes), offsetBytes);
    placed.set(constant, { location, offsetBytes, lengthBytes });
    end = offsetBytes + lengthBytes;
  };
  const visit = (each: Graph): void => {
    for (const constant of each.initializers.values()) place(constant);
    for (const inner of each.nodes.flatMap(innerGraphsOf)) visit(inner);
  };
  visit(graph);
  return placed;
}
