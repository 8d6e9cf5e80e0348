import type { InputSizes } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';

/** Reads `x=1,3,224,224` or `x=?,3,224,224`. Throws `invalid-argument` for anything else. */
export function inputShapesOf(given: readonly string[] = []): InputSizes {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', list = ''] = text.split('=');
      const sizes = list.split(',').map((size) => (size === '?' ? undefined : Number(size)));
      const isSound = sizes.every(
        (size) => size === undefined || (Number.isInteger(size) && size > 0),
      );
      if (name !== '' && isSound) return [name, sizes];
      throw misuse(text);
    }),
  );
}

const misuse = (text: string): FleetError =>
  new FleetError('invalid-argument', `--shape takes x=1,3,224,224, not "${text}".`);
