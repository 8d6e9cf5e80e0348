import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkConformance } from '../conformance/conformance.ts';
import { casesPackage } from '../conformance/operator-cases.ts';
import { operatorsPage } from '../conformance/operators-page.ts';
import { unpackedDebian } from '../debian/unpacked-debian.ts';
import { generatedDocuments } from './documents.ts';

const folder = path.join(import.meta.dirname, '../../../docs');
for (const [name, text] of Object.entries(generatedDocuments())) {
  await writeFile(path.join(folder, name), text);
  console.log(`docs/${name}`);
}

const cases = await unpackedDebian([casesPackage]);
if (cases.ok) {
  const page = operatorsPage(await checkConformance(cases.root));
  await writeFile(path.join(folder, 'onnx-operators.md'), page);
  console.log('docs/onnx-operators.md');
} else {
  console.log(`docs/onnx-operators.md stays as it is: ${cases.reason}`);
}
