import { FleetError } from '@edgewise/protocol';
import {
  type ExternalSink,
  type Place,
  type PlacedConstants,
  placeConstants,
} from './external-sink.ts';
import type { Attribute, Graph, Initializer, Model, Node, ValueInfo } from './graph.ts';
import {
  attributeField,
  attributeTypes,
  dimField,
  elementTypes,
  entryField,
  externalLocation,
  graphField,
  modelField,
  nodeField,
  opsetField,
  shapeField,
  tensorField,
  tensorTypeField,
  typeField,
  valueField,
} from './schema.ts';
import { createWireWriter, type WireWriter } from './wire-writer.ts';

/** Room for one node, value or constant beside its numbers; a guess that avoids growing. */
const entryBytes = 192;

/** What a Protocol Buffers message can span (Protocol Buffers, "Size limits"). */
const largestFileBytes = 2 ** 31 - 1;

/** How a file is written; by default with all constants inside. */
export interface WriteOptions {
  /** Takes large constants to a file of their own. */
  readonly external?: ExternalSink;
}

/**
 * A model as the bytes of an ONNX file (onnx.proto3). Equal models give equal bytes: everything is
 * written in the order in which the model holds it, constants always as raw little-endian data.
 * Throws `FleetError` `unsupported` for a file of 2 GiB or more, whose constants must go elsewhere.
 */
export function writeModel(model: Model, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  const placed = placeConstants(model.graph, options.external);
  const sizeBytes = expectedBytes(model.graph, placed);
  if (sizeBytes > largestFileBytes) {
    throw new FleetError(
      'unsupported',
      'An ONNX file ends at 2 GiB: give constants their own file.',
    );
  }
  const out: GraphWriter = { ...createWireWriter(sizeBytes), placed };
  backwards([...model.metadata], ([key, value]) =>
    out.message(modelField.metadata, () => {
      out.string(entryField.value, value);
      out.string(entryField.key, key);
    }),
  );
  backwards([...model.opsets], ([domain, version]) =>
    out.message(modelField.opsetImport, () => {
      out.integer(opsetField.version, version);
      out.string(opsetField.domain, domain);
    }),
  );
  out.message(modelField.graph, () => writeGraph(out, model.graph));
  out.string(modelField.producerVersion, model.producerVersion);
  out.string(modelField.producerName, model.producerName);
  out.integer(modelField.irVersion, model.irVersion);
  return out.finish();
}

/** A writer that knows which constants lie elsewhere. */
interface GraphWriter extends WireWriter {
  readonly placed: PlacedConstants;
}

function writeGraph(out: GraphWriter, graph: Graph): void {
  const values = (field: number, list: Iterable<ValueInfo>): void =>
    backwards([...list], (value) => out.message(field, () => writeValue(out, value)));
  values(graphField.values, graph.values.values());
  values(graphField.outputs, graph.outputs);
  values(graphField.inputs, graph.inputs);
  backwards([...graph.initializers], ([name, constant]) =>
    out.message(graphField.initializers, () => writeTensor(out, constant, name)),
  );
  out.string(graphField.name, graph.name);
  backwards(graph.nodes, (node) => out.message(graphField.nodes, () => writeNode(out, node)));
}

function writeNode(out: GraphWriter, node: Node): void {
  if (node.domain !== '') out.string(nodeField.domain, node.domain);
  backwards([...node.attributes], ([name, attribute]) =>
    out.message(nodeField.attributes, () => writeAttribute(out, name, attribute)),
  );
  out.string(nodeField.op, node.op);
  if (node.name !== '') out.string(nodeField.name, node.name);
  backwards(node.outputs, (name) => out.string(nodeField.outputs, name));
  backwards(node.inputs, (name) => out.string(nodeField.inputs, name));
}

function writeAttribute(out: GraphWriter, name: string, attribute: Attribute): void {
  out.integer(attributeField.type, attributeTypes[attribute.type]);
  writeAttributeValue(out, attribute);
  out.string(attributeField.name, name);
}

function writeAttributeValue(out: GraphWriter, attribute: Attribute): void {
  switch (attribute.type) {
    case 'int':
      out.integer(attributeField.int, attribute.value);
      break;
    case 'float':
      out.float32(attributeField.float, attribute.value);
      break;
    case 'string':
      out.bytes(attributeField.string, attribute.value);
      break;
    case 'tensor':
      out.message(attributeField.tensor, () => writeTensor(out, attribute.value, ''));
      break;
    case 'graph':
      out.message(attributeField.graph, () => writeGraph(out, attribute.value));
      break;
    case 'ints':
      backwards(attribute.value, (value) => out.integer(attributeField.ints, value));
      break;
    case 'floats':
      backwards(attribute.value, (value) => out.float32(attributeField.floats, value));
      break;
    case 'strings':
      backwards(attribute.value, (value) => out.bytes(attributeField.strings, value));
      break;
    case 'tensors':
      backwards(attribute.value, (value) =>
        out.message(attributeField.tensors, () => writeTensor(out, value, '')),
      );
      break;
    case 'graphs':
      backwards(attribute.value, (value) =>
        out.message(attributeField.graphs, () => writeGraph(out, value)),
      );
      break;
    case 'type':
      out.bytes(attributeField.typeProto, attribute.value);
      break;
  }
}

function writeTensor(out: GraphWriter, constant: Initializer, name: string): void {
  const { data } = constant;
  const place = out.placed.get(constant);
  if (place !== undefined) {
    writePlace(out, place);
  } else if (ArrayBuffer.isView(data)) {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    out.bytes(tensorField.rawData, raw);
  }
  if (name !== '') out.string(tensorField.name, name);
  if (!ArrayBuffer.isView(data)) {
    backwards(data, (text) => out.bytes(tensorField.stringData, text));
  }
  out.integer(tensorField.dataType, elementTypes[constant.dtype].id);
  backwards(constant.dims, (size) => out.integer(tensorField.dims, size));
}

function writePlace(out: WireWriter, { location, offsetBytes, lengthBytes }: Place): void {
  out.integer(tensorField.dataLocation, externalLocation);
  const entries = [
    ['location', location],
    ['offset', String(offsetBytes)],
    ['length', String(lengthBytes)],
  ] as const;
  backwards(entries, ([key, value]) =>
    out.message(tensorField.externalData, () => {
      out.string(entryField.value, value);
      out.string(entryField.key, key);
    }),
  );
}

function writeValue(out: WireWriter, value: ValueInfo): void {
  const { dtype, dims, foreign } = value;
  if (foreign !== undefined) out.bytes(valueField.type, foreign);
  if (dtype !== undefined) {
    out.message(valueField.type, () =>
      out.message(typeField.tensor, () => {
        if (dims !== undefined) {
          out.message(tensorTypeField.shape, () =>
            backwards(dims, (size) => out.message(shapeField.dims, () => writeDim(out, size))),
          );
        }
        out.integer(tensorTypeField.elementType, elementTypes[dtype].id);
      }),
    );
  }
  out.string(valueField.name, value.name);
}

function writeDim(out: WireWriter, size: number | string | undefined): void {
  if (typeof size === 'number') out.integer(dimField.size, size);
  if (typeof size === 'string') out.string(dimField.symbol, size);
}

function backwards<T>(list: readonly T[], visit: (item: T) => void): void {
  for (let at = list.length - 1; at >= 0; at--) visit(list[at] as T);
}

function expectedBytes(graph: Graph, placed: PlacedConstants): number {
  let sizeBytes = 1024 + entryBytes * (graph.nodes.length + graph.initializers.size);
  sizeBytes += entryBytes * (graph.values.size + graph.inputs.length + graph.outputs.length);
  for (const constant of graph.initializers.values()) {
    const { data } = constant;
    if (ArrayBuffer.isView(data) && !placed.has(constant)) sizeBytes += data.byteLength;
  }
  return sizeBytes;
}
