import { asyncApiDocument, openApiDocument, protocolPage } from '@edgewise/protocol/documentation';

/** Files of docs/ that are derived from the contract, by name. */
export function generatedDocuments(): Readonly<Record<string, string>> {
  return {
    'protocol.md': protocolPage(),
    'asyncapi.json': `${JSON.stringify(asyncApiDocument(), null, 2)}\n`,
    'openapi.json': `${JSON.stringify(openApiDocument(), null, 2)}\n`,
  };
}
