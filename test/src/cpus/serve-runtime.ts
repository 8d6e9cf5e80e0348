/**
 * ONNX Runtime on the processor that this process is started on, for whoever speaks to its standard
 * input: one request a line, one reply a line. The first line says where it runs.
 */
import { createInterface } from 'node:readline';
import { createOnnxRuntime, detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { answerRequests } from './answer-requests.ts';
import type { Request } from './plain.ts';

const runtime = createOnnxRuntime();
const answer = answerRequests(runtime);

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({ deviceClass: detectDeviceClass(), build: runtime.build });
for await (const line of createInterface({ input: process.stdin })) {
  say(await answer(JSON.parse(line) as Request));
}
