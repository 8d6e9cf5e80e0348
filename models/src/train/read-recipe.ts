import { FleetError } from '@edgewise/protocol';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { type LayerName, layers } from './layers/layers.ts';
import { layerSizes } from './network.ts';
import { type Recipe, RecipeSchema } from './recipe.ts';

/**
 * Checks a parsed JSON document and gives it back as a recipe. Throws `invalid-argument` with the
 * place, the fault and what is allowed; a faulty layer is named by its index from 0 and its kind.
 */
export function readRecipe(document: unknown): Recipe {
  checkLayers(document);
  check(RecipeSchema, document, 'The recipe');
  const recipe = document as Recipe;
  layerSizes(recipe);
  return recipe;
}

/** Layers first and one by one: a message about a union of all kinds would help nobody. */
function checkLayers(document: unknown): void {
  const list = isRecord(document) ? document.layers : undefined;
  if (!Array.isArray(list)) return;
  for (const [index, layer] of list.entries()) {
    const kind = isRecord(layer) ? layer.kind : undefined;
    if (typeof kind !== 'string' || !Object.hasOwn(layers, kind)) {
      const allowed = Object.keys(layers).join(', ');
      const found =
        kind === undefined ? 'has no kind' : `has the unknown kind ${JSON.stringify(kind)}`;
      throw fault(`Layer ${index} ${found}; allowed are ${allowed}.`, index);
    }
    check(layers[kind as LayerName].schema, layer, `Layer ${index} (${kind})`, index);
  }
}

function check(schema: TSchema, value: unknown, subject: string, index?: number): void {
  const [error] = Value.Errors(schema, value);
  if (error === undefined) return;
  const place = error.instancePath.replaceAll('/', '.').slice(1);
  const detail = describe(error.keyword, error.params as Record<string, unknown>, error.message);
  throw fault(`${subject}: ${place === '' ? 'it' : `"${place}"`} ${detail}.`, index);
}

function describe(keyword: string, params: Record<string, unknown>, message: string): string {
  const list = (value: unknown): string =>
    Array.isArray(value) ? value.join(', ') : String(value);
  switch (keyword) {
    case 'required':
      return `lacks ${list(params.requiredProperties)}`;
    case 'additionalProperties':
      return `has unknown fields: ${list(params.additionalProperties)}`;
    case 'enum':
      return `must be one of ${list(params.allowedValues)}`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return message;
  }
}

function fault(reason: string, layer?: number): FleetError {
  return new FleetError(
    'invalid-argument',
    reason,
    layer === undefined ? {} : { detail: { layer } },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
