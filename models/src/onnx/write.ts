import type { Attribute, Graph, Initializer, Model, Node, ValueInfo } from './graph.ts';
import {
  attributeField,
  attributeTypes,
  dimField,
  elementTypes,
  entryField,
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

/**
 * A model as the bytes of an ONNX file (onnx.proto3). Equal models give equal bytes: everything is
 * written in the order in which the model holds it, constants always as raw little-endian data.
 */
export function writeModel(model: Model): Uint8Array<ArrayBuffer> {
  const out = createWireWriter(expectedBytes(model.graph));
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

function writeGraph(out: WireWriter, graph: Graph): void {
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

function writeNode(out: WireWriter, node: Node): void {
  if (node.domain !== '') out.string(nodeField.domain, node.domain);
  backwards([...node.attributes], ([name, attribute]) =>
    out.message(nodeField.attributes, () => writeAttribute(out, name, attribute)),
  );
  out.string(nodeField.op, node.op);
  if (node.name !== '') out.string(nodeField.name, node.name);
  backwards(node.outputs, (name) => out.string(nodeField.outputs, name));
  backwards(node.inputs, (name) => out.string(nodeField.inputs, name));
}

function writeAttribute(out: WireWriter, name: string, attribute: Attribute): void {
  out.integer(attributeField.type, attributeTypes[attribute.type]);
  writeAttributeValue(out, attribute);
  out.string(attributeField.name, name);
}

function writeAttributeValue(out: WireWriter, attribute: Attribute): void {
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
  }
}

function writeTensor(out: WireWriter, constant: Initializer, name: string): void {
  const { data } = constant;
  if (ArrayBuffer.isView(data)) {
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

function writeValue(out: WireWriter, value: ValueInfo): void {
  const { dtype, dims } = value;
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

function expectedBytes(graph: Graph): number {
  let sizeBytes = 1024 + entryBytes * (graph.nodes.length + graph.initializers.size);
  sizeBytes += entryBytes * (graph.values.size + graph.inputs.length + graph.outputs.length);
  for (const { data } of graph.initializers.values()) {
    if (ArrayBuffer.isView(data)) sizeBytes += data.byteLength;
  }
  return sizeBytes;
}
