import Type, { type Static } from 'typebox';
import { Digest } from '../ids.ts';

const digestOrNone = Type.Union([Digest, Type.Null()]);
const buildOrNone = Type.Union([Type.String(), Type.Null()]);

/** How the bytes of a repeated run compare with those that were recorded. */
export const Reproduction = Type.Object({
  /** Whether every artifact that is compared has the same bytes. */
  equal: Type.Boolean(),
  /** The first artifact, in the order in which a run makes them, that differs. */
  first: Type.Union([Type.String(), Type.Null()]),
  /** In the order in which a run makes them; `null` where only one of the two runs has it. */
  artifacts: Type.Array(
    Type.Object({
      name: Type.String(),
      recorded: digestOrNone,
      repeated: digestOrNone,
      equal: Type.Boolean(),
    }),
  ),
  /** What is new in every run, with the reason. */
  notCompared: Type.Array(Type.Object({ name: Type.String(), reason: Type.String() })),
  /** Engine and instruction set of both: bytes are promised only within one; `null`: not recorded. */
  builds: Type.Object({ recorded: buildOrNone, repeated: buildOrNone }),
});
export type Reproduction = Static<typeof Reproduction>;
