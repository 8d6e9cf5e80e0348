import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { type ConformanceReport, checkConformance } from '../conformance/conformance.ts';
import { casesPackage } from '../conformance/operator-cases.ts';
import { operatorsPage } from '../conformance/operators-page.ts';
import { unpackedDebian } from '../debian/unpacked-debian.ts';

const page = path.join(import.meta.dirname, '../../../docs/onnx-operators.md');
const cases = await unpackedDebian([casesPackage]);
const skip = cases.ok ? false : `no ${casesPackage}: ${cases.reason}`;
let report: ConformanceReport = { rows: [], faults: [] };

before(async () => {
  if (cases.ok) report = await checkConformance(cases.root);
});

test('no operator case is read, written, inferred, upgraded or derived wrong', { skip }, () => {
  assert.deepEqual(report.faults, []);
  assert.ok(report.rows.length > 150);
});

test('docs/onnx-operators.md is what the operator cases say; if not, run "npm run docs"', {
  skip,
}, async () => {
  assert.equal(await readFile(page, 'utf8'), operatorsPage(report));
});
