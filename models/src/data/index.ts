export { type CsvOptions, decodeCsv, type LabelledTable } from './csv.ts';
export { decodeIdx } from './idx.ts';
export { decodeNpy, encodeNpy } from './npy.ts';
export { decodeNpz, encodeNpz } from './npz.ts';
