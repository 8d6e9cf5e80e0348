import type { ActivationSpread } from '@edgewise/models/inspect';
import { figure, folded, sectionOf, tableOf } from './markup.ts';
import { clippedText, noiseText, spreadPicture } from './spread-picture.ts';

/** Activations that get a picture; the others stand in a table. */
const pictured = 24;

/** Every quantized activation, those first that their own grid costs most. */
export function activationsOf(spreads: readonly ActivationSpread[] = []): string {
  if (spreads.length === 0) return '';
  const worst = spreads.toSorted((a, b) => (a.ownSqnrDb ?? Infinity) - (b.ownSqnrDb ?? Infinity));
  const rest = worst.slice(pictured);
  const rows = rest.map((spread) => [
    ...[spread.op || 'input', spread.node],
    `${figure(spread.range.min, 3)} to ${figure(spread.range.max, 3)}`,
    `${figure(spread.histogram.min, 3)} to ${figure(spread.histogram.max, 3)}`,
    clippedText(spread),
    noiseText(spread),
  ]);
  const few =
    rest.length === 0
      ? ''
      : ` The ${pictured} worst are drawn, the other ${rest.length} stand in a table below.`;
  const text = `What each activation of the float model does on the calibration data (bars; logarithm of counts) and the range its integers reach (between the lines; what lies outside is clipped). Signal to noise is that of this one grid.${few}`;
  const pictures = worst.slice(0, pictured).map(spreadPicture).join('\n');
  const table =
    rest.length === 0
      ? ''
      : folded(
          `The other ${rest.length}`,
          tableOf(['op', 'node', 'range', 'seen', 'clipped', 'signal to noise'], rows),
        );
  return sectionOf('Activations', text, `<div class="spreads">${pictures}</div>${table}`);
}
