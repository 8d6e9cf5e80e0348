import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { generatedDocuments } from './documents.ts';

const folder = path.join(import.meta.dirname, '../../../docs');
const documents = generatedDocuments();

for (const [name, text] of Object.entries(documents)) {
  test(`docs/${name} is what the contract says; if not, run "npm run docs"`, async () => {
    assert.equal(await readFile(path.join(folder, name), 'utf8'), text);
  });
}

test('the public validator accepts openapi.json', async () => {
  const result = await new Validator().validate(JSON.parse(documents['openapi.json'] ?? ''));
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
});

test('the public parser accepts asyncapi.json', async () => {
  const { document, diagnostics } = await new Parser().parse(documents['asyncapi.json'] ?? '');
  assert.deepEqual(
    diagnostics
      .filter(({ severity }) => severity === 0)
      .map(({ message, path: at }) => `${at.join('.')}: ${message}`),
    [],
  );
  assert.equal(document?.version(), '3.0.0');
});
