import { type ErrorDetail, FleetError, schemaFault } from '@edgewise/protocol';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { strangeSetting } from './augmentation.ts';
import { layers } from './layers/layers.ts';
import { layerSizes } from './network.ts';
import { optimizerKinds } from './optimizers.ts';
import { type Recipe, RecipeSchema } from './recipe.ts';
import { scheduleKinds } from './schedule.ts';

/**
 * Checks a parsed JSON document and gives it back as a recipe. Throws `invalid-argument` with the
 * place, the fault and what is allowed; a faulty layer is named by its index from 0 and its kind.
 */
export function readRecipe(document: unknown): Recipe {
  // Parts that come in kinds go first: a message about a union of all kinds would help nobody.
  if (isRecord(document) && Array.isArray(document.layers)) {
    for (const [index, layer] of document.layers.entries()) {
      checkLayer(layer, { subject: `Layer ${index}`, detail: { layer: index } });
    }
  }
  checkRecipe(RecipeSchema, document);
  const recipe = document as Recipe;
  assertNotUnrolled(recipe);
  const classes = layerSizes(recipe).at(-1)?.[0] ?? 0;
  assertConsistent(recipe, { classes, shape: recipe.input.shape });
  return recipe;
}

/** Layers whose weights are used once for every step of a series. */
const unrolled: ReadonlySet<string> = new Set(['gru', 'lstm']);

function assertNotUnrolled({ layers: list, quantization }: Recipe): void {
  if (quantization === undefined) return;
  const at = list.findIndex((layer) =>
    (layer.kind === 'residual' ? layer.layers : [layer]).some(({ kind }) => unrolled.has(kind)),
  );
  if (at < 0) return;
  throw new FleetError(
    'invalid-argument',
    `Layer ${at} (${list[at]?.kind}): "quantization" cannot train layers that are unrolled over time. Leave it out; the trained model is shrunk all the same.`,
    { detail: { layer: at } },
  );
}

/** Checks a document against the schema of a recipe. */
export function checkRecipe(schema: TSchema, document: unknown): void {
  if (isRecord(document)) {
    const { optimizer, schedule } = document;
    checkKind(optimizerKinds, optimizer, { subject: 'The optimizer', detail: {} });
    checkKind(scheduleKinds, schedule, { subject: 'The schedule', detail: {} });
  }
  check(schema, document, { subject: 'The recipe', detail: {} });
}

/** Refuses settings that do not belong to what is trained; a shape that is not known is not judged. */
export function assertConsistent(
  { classWeights, augmentation = {} }: Pick<Recipe, 'classWeights' | 'augmentation'>,
  network: { readonly classes: number; readonly shape: readonly number[] | undefined },
): void {
  const { classes, shape } = network;
  const refuse = (reason: string): never => {
    throw new FleetError('invalid-argument', `The recipe: ${reason}.`);
  };
  if (Array.isArray(classWeights) && classWeights.length !== classes) {
    refuse(
      `"classWeights" has ${classWeights.length} weights, but the network knows ${classes} classes`,
    );
  }
  const strange = shape === undefined ? undefined : strangeSetting(shape, augmentation);
  if (strange !== undefined) refuse(`"augmentation.${strange.setting}" needs ${strange.needs}`);
}

const layerSchemas: Readonly<Record<string, TSchema>> = Object.fromEntries(
  Object.entries(layers).map(([kind, { schema }]) => [kind, schema]),
);

/** What is checked, for the message, and what the error's detail says about it. */
interface Subject {
  readonly subject: string;
  readonly detail: ErrorDetail;
}

/** A block's layers go first, like all parts that come in kinds. */
function checkLayer(layer: unknown, { subject, detail }: Subject): void {
  const inner = isRecord(layer) && layer.kind === 'residual' ? layer.layers : [];
  for (const [index, part] of (Array.isArray(inner) ? inner : []).entries()) {
    checkKind(layerSchemas, part, { subject: `${subject} (residual), layer ${index}`, detail });
  }
  checkKind(layerSchemas, layer, { subject, detail });
}

function checkKind(
  kinds: Readonly<Record<string, TSchema>>,
  value: unknown,
  { subject, detail }: Subject,
): void {
  if (!isRecord(value)) return;
  const { kind } = value;
  const schema = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (schema === undefined) {
    const found =
      kind === undefined ? 'has no kind' : `has the unknown kind ${JSON.stringify(kind)}`;
    const allowed = Object.keys(kinds).join(', ');
    throw new FleetError('invalid-argument', `${subject} ${found}; allowed are ${allowed}.`, {
      detail,
    });
  }
  check(schema, value, { subject: `${subject} (${kind})`, detail });
}

function check(schema: TSchema, value: unknown, { subject, detail }: Subject): void {
  const found = schemaFault(Value.Errors(schema, value));
  if (found === undefined) return;
  const where = found.place === '' ? 'it' : `"${found.place}"`;
  throw new FleetError('invalid-argument', `${subject}: ${where} ${found.fault}.`, { detail });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
