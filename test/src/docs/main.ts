import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generatedDocuments } from './documents.ts';

const folder = path.join(import.meta.dirname, '../../../docs');
for (const [name, text] of Object.entries(generatedDocuments())) {
  await writeFile(path.join(folder, name), text);
  console.log(`docs/${name}`);
}
