import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeCsv, decodeIdx, decodeNpy, decodeNpz } from '@edgewise/models/data';
import type { Tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import { createHttpSource } from '../sources/http-source.ts';
import { createReplaySource } from '../sources/replay-source.ts';
import { createSerialSource } from '../sources/serial-source.ts';
import type { Source } from '../sources/source.ts';

interface SourceContext {
  readonly clock: Clock;
  /** Told where an HTTP source listens. */
  readonly onListening: (url: string) => void;
}

/** Builds a source from `replay:FILE?…`, `http:PORT` or `serial:PATH?baud=…`. */
export function parseSource(spec: string, context: SourceContext): Source {
  const [, kind, place = '', query = ''] = /^(\w+):([^?]+)(?:\?(.*))?$/.exec(spec) ?? [];
  const options = new URLSearchParams(query);
  switch (kind) {
    case 'replay':
      return replay(spec, place, { options, context });
    case 'http':
      return http(spec, place, context);
    case 'serial':
      return createSerialSource({
        path: place,
        baudRate: number(spec, options, 'baud') ?? 115_200,
      });
    default:
      throw wrong(spec, 'it must be replay:FILE, http:PORT or serial:PATH');
  }
}

interface Spec {
  readonly options: URLSearchParams;
  readonly context: SourceContext;
}

function replay(spec: string, file: string, { options, context }: Spec): Source {
  const from = number(spec, options, 'from');
  const count = number(spec, options, 'count');
  return createReplaySource({
    name: `replay:${file}`,
    read: () => readInputs(file, options.get('label')),
    ratePerSecond: number(spec, options, 'rate') ?? 10,
    atEnd: options.get('loop') === 'true' ? 'again' : 'stop',
    clock: context.clock,
    ...(from === undefined ? {} : { from }),
    ...(count === undefined ? {} : { count }),
  });
}

/** Inputs of a recorded file; a table or archive may hold labels beside them. */
async function readInputs(file: string, label: string | null): Promise<Tensor> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const { code } = FleetError.from(cause);
    const why = code === 'not-found' ? 'there is no such file' : 'it cannot be read';
    throw new FleetError(code, `${file}: ${why}.`, { cause });
  });
  switch (path.extname(file)) {
    case '.npy':
      return decodeNpy(bytes);
    case '.npz':
      return arrayX(decodeNpz(bytes));
    case '.csv':
      return decodeCsv(bytes, label === null ? {} : { labelColumn: label }).inputs;
    default:
      return decodeIdx(bytes);
  }
}

function arrayX(arrays: ReadonlyMap<string, Tensor>): Tensor {
  const x = arrays.get('x');
  if (x !== undefined) return x;
  const found = [...arrays.keys()].join(', ');
  throw new FleetError('invalid-argument', `The .npz holds ${found}; inputs are its array x.`);
}

function http(spec: string, place: string, context: SourceContext): Source {
  if (!/^\d{1,5}$/.test(place) || Number(place) > 65_535)
    throw wrong(spec, 'its port is no number');
  return createHttpSource({ port: Number(place), onListening: context.onListening });
}

function number(spec: string, options: URLSearchParams, name: string): number | undefined {
  const text = options.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw wrong(spec, `${name} is "${text}", which is no number`);
}

function wrong(spec: string, why: string): FleetError {
  return new FleetError('invalid-argument', `--source ${spec} cannot be used: ${why}.`);
}
