import { readManifest } from '@edgewise/models/bundle';
import { FleetError } from '@edgewise/protocol';
import type { ModelVersion } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { assertDestinations } from '../destinations.ts';
import { type Io, sizeOf } from '../io.ts';
import { writeNamedFile } from '../named-file.ts';

interface ExportOptions extends HubOptions {
  readonly out: string;
  readonly for?: string;
}

/** `edgewise export MODEL VERSION`: a graph of a version, as a file for every tool that reads ONNX. */
export function addExport(program: Command, io: Io): void {
  withHub(
    program
      .command('export <model> <version>')
      .description('write the float graph of a version, or what a device class gets, as ONNX')
      .requiredOption('--out <file>', 'where to write it')
      .option('--for <class>', 'the int8 graph of this device class instead of the float one')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise export digits 3 --out digits-3.onnx\n  edgewise export digits 3 --for arm64 --out digits-3-arm64.onnx',
      ),
  ).action(async (model: string, version: string, options: ExportOptions) => {
    await assertDestinations(io, { writes: [options.out], reads: [] });
    const client = clientOf(options);
    const found = await client.call('getVersion', { params: { model, version } });
    const digest =
      options.for === undefined
        ? found.fp32.digest
        : await variantGraph(client, found, options.for);
    const graph = await client.call('getBlob', { params: { digest } });
    await writeNamedFile(io, options.out, graph);
    const facts = { out: options.out, model: found.model, version: found.version, digest };
    answer(io, options, { ...facts, bytes: graph.length }, ({ out, bytes }) => {
      return `${out}: ${sizeOf(bytes)}, SHA-256 ${digest}`;
    });
  });
}

/** The digest of what one device class runs. Throws `not-found` where nothing is built for it. */
async function variantGraph(
  client: Client,
  { model, version, variants }: ModelVersion,
  deviceClass: string,
): Promise<string> {
  const variant = variants.find((each) => each.deviceClass === deviceClass);
  if (variant === undefined) {
    const built = variants.map((each) => each.deviceClass).join(', ');
    throw new FleetError(
      'not-found',
      `${model} ${version} is not built for "${deviceClass}"; it is for ${built}.`,
    );
  }
  const digest = variant.bundle.manifest;
  const manifest = readManifest(await client.call('getBlob', { params: { digest } }));
  const graph = manifest.blobs.find(({ name }) => name === 'graph.onnx');
  if (graph === undefined) throw new FleetError('malformed', 'The bundle has no graph.onnx.');
  return graph.sha256;
}
