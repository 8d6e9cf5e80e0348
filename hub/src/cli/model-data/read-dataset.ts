import { decodeNpz } from '@edgewise/models/data';
import type { SessionValue } from '@edgewise/models/runtime';
import { FleetError } from '@edgewise/protocol';
import { type DatasetPart, datasetParts } from '@edgewise/protocol/http';
import type { Client } from '../../client/client.ts';
import type { FoundArrays } from './found-arrays.ts';

/**
 * Samples of a hub's data set, `NAME` or `NAME/PART`; without a part the validation part, or the
 * training part when there is none. Throws `invalid-argument` for an unknown part and `not-found`.
 */
export async function readDataset(
  client: Client,
  name: string,
  { inputs, limit }: { readonly inputs: readonly SessionValue[]; readonly limit: number },
): Promise<FoundArrays> {
  const [dataset = '', given] = name.split('/');
  const part = given === undefined ? await usualPart(client, dataset) : partOf(given);
  const npz = await client.call('exportSamples', { params: { dataset }, query: { part, limit } });
  const arrays = decodeNpz(npz);
  const [x, y] = [arrays.get('x'), arrays.get('y')];
  const [input, second] = inputs;
  if (x === undefined || input === undefined || second !== undefined) {
    throw new FleetError(
      'invalid-argument',
      `Data sets serve models with one input; this one has ${inputs.length}.`,
    );
  }
  return { arrays: new Map([[input.name, x]]), ...(y && { labels: y.data }) };
}

async function usualPart(client: Client, dataset: string): Promise<DatasetPart> {
  const found = (await client.call('listDatasets')).find(({ id }) => id === dataset);
  if (found === undefined) {
    throw new FleetError('not-found', `There is no data set "${dataset}" at ${client.url}.`);
  }
  return found.counts.validation > 0 ? 'validation' : 'train';
}

function partOf(part: string): DatasetPart {
  const found = datasetParts.find((each) => each === part);
  if (found !== undefined) return found;
  throw new FleetError(
    'invalid-argument',
    `"${part}" is no part of a data set; there are ${datasetParts.join(', ')}.`,
  );
}
