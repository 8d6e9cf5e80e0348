import util from 'node:util';
import { FleetError } from '@edgewise/protocol';
import type { TrainerEngine } from '../../trainer.ts';

/** The library, whichever of its packages it came from. */
export type Tfjs = typeof import('@tensorflow/tfjs');

/** The library that was loaded, and why it is this one. */
export interface LoadedTfjs {
  readonly tf: Tfjs;
  readonly engine: TrainerEngine;
}

/** Loads a package by its name. */
export type ImportPackage = (name: string) => Promise<unknown>;

const importPackage: ImportPackage = (name) => import(name);

/**
 * Loads tfjs-node, which computes in native code, where it is installed and starts; else tfjs, whose
 * plain JavaScript runs everywhere and is many times slower.
 */
export async function loadTfjs(load: ImportPackage = importPackage): Promise<LoadedTfjs> {
  // tfjs-node 4.22 calls this function, which Node 23 and later do not have.
  const gone = { isNullOrUndefined: (value: unknown) => value === null || value === undefined };
  if (!('isNullOrUndefined' in util)) Object.assign(util, gone);
  try {
    const tf = (await load('@tensorflow/tfjs-node')) as Tfjs;
    await tf.ready();
    const reason = 'tfjs-node is installed and computes in native code.';
    return { tf, engine: { trainer: 'tfjs', library: 'tfjs-node', reason } };
  } catch (thrown) {
    const tf = (await load('@tensorflow/tfjs')) as Tfjs;
    // Without this it prints an advertisement for tfjs-node; the reason below says it better.
    tf.enableProdMode();
    await tf.setBackend('cpu');
    const reason = `Plain JavaScript, which is slow, because ${whyNot(thrown)}`;
    return { tf, engine: { trainer: 'tfjs', library: 'tfjs', reason } };
  }
}

function whyNot(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND') return 'tfjs-node is not installed.';
  const [first = ''] = FleetError.from(thrown).reason.split('\n');
  return `tfjs-node does not start: ${first}`;
}
