import { upgradeOpset, writeModel } from '@edgewise/models/onnx';
import { FleetError } from '@edgewise/protocol';
import { runEngine } from './engine.ts';
import type { OperatorCase } from './operator-cases.ts';
import { areEqual } from './same-numbers.ts';

/** The operator set that cases are upgraded to. */
export const upgradedTo = 21;

/**
 * `passed`: ONNX Runtime gives the same for the upgraded file, up to rounding (another version of a
 * kernel may sum in another order); `refused`: the upgrade
 * says that it cannot; `not run`: ONNX Runtime does not run one of the two.
 */
export type UpgradeResult = 'passed' | 'refused' | 'not run' | 'wrong';

/** Upgrades a case and runs both files; `undefined` for one whose operator set is not an old one. */
export async function checkUpgrade(one: OperatorCase): Promise<UpgradeResult | undefined> {
  const version = one.model.opsets.get('');
  if (version === undefined || version >= upgradedTo || isRandom(one)) return undefined;
  const upgraded = upgradedBytes(one);
  if (upgraded === undefined) return 'refused';
  let result: UpgradeResult = 'passed';
  for (const run of one.runs) {
    const before = await runEngine(one.bytes, run);
    const after = await runEngine(upgraded, run);
    if (before.ran && after.ran) {
      if (!areEqual(before.outputs, after.outputs, 'rounding')) return 'wrong';
    } else {
      result = 'not run';
    }
  }
  return result;
}

function upgradedBytes({ model }: OperatorCase): Uint8Array | undefined {
  try {
    return writeModel(upgradeOpset(model, upgradedTo));
  } catch (error) {
    if (error instanceof FleetError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

/** Two runs of these differ anyway. */
function isRandom({ name }: OperatorCase): boolean {
  return name.includes('bernoulli') || name.includes('training_dropout');
}
