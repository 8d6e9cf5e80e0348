import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execPath } from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { launchChromium, lowContrast, noBrowser, openPage } from '@edgewise/desktop/testing';
import { encodeNpz } from '@edgewise/models/data';
import { createRandom } from '@edgewise/models/random';
import { tensor } from '@edgewise/models/tensor';

const skip = noBrowser;
const run = promisify(execFile);
const command = fileURLToPath(new URL('../../../hub/bin/edgewise.js', import.meta.url));
const network = new URL('../../../hub/fixtures/like-onnxruntime/mobilenet.onnx', import.meta.url);

let folder: string;
before(async () => {
  if (skip) return;
  folder = await mkdtemp(path.join(tmpdir(), 'report-'));
  await cp(network, path.join(folder, 'm.onnx'));
  const { normal } = createRandom(5);
  const x = tensor('float32', [64, 3, 16, 16], Float32Array.from({ length: 49_152 }, normal));
  const y = tensor(
    'int64',
    [64],
    BigInt64Array.from({ length: 64 }, (_, at) => BigInt(at % 10)),
  );
  await writeFile(path.join(folder, 'x.npz'), encodeNpz(new Map(Object.entries({ x, y }))));
  const data = ['--calibration', 'x.npz', '--out', 'o.onnx'];
  const clipped = ['--calibrate', 'percentile', '--percentile', '99'];
  const options = { cwd: folder };
  await run(
    execPath,
    [command, 'quantize', 'm.onnx', ...data, ...clipped, '--report', 'one.html'],
    options,
  );
  const classes = ['--for', 'x64,arm64,x64-vnni,web-wasm'];
  await run(
    execPath,
    [command, 'quantize', 'm.onnx', ...data, ...classes, '--report', 'all.html'],
    options,
  );
});
after(async () => {
  if (!skip) await rm(folder, { recursive: true });
});

for (const [file, pictures] of [
  ['one', ['svg', '.bars', '.scatter']],
  ['all', ['.scatter']],
] as const) {
  test(`the page ${file}.html opens from the disk, fits every width and is legible`, {
    skip,
  }, async () => {
    await using browser = await launchChromium();
    for (const theme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const { page, context, complaints } = await openPage(browser, { theme, width });
        const asked: string[] = [];
        page.on('request', (request) => asked.push(request.url()));
        await page.goto(pathToFileURL(path.join(folder, `${file}.html`)).href);
        for (const picture of pictures) {
          const box = await page.locator(picture).first().boundingBox();
          assert.ok((box?.width ?? 0) > 100 && (box?.height ?? 0) > 50, picture);
        }
        const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        assert.equal(wide, false, `${theme} at ${width}`);
        assert.deepEqual(await lowContrast(page), []);
        assert.equal(asked.length, 1);
        assert.deepEqual(complaints, []);
        await context.close();
      }
    }
  });
}
