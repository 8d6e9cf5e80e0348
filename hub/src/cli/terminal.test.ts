import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
const terminal = new URL('./terminal.ts', import.meta.url).href;

/** A program that says goodbye once it is asked to end, a moment later. */
function aProgram() {
  const source = `import { createTerminal } from ${JSON.stringify(terminal)};
    const io = createTerminal();
    const stay = setInterval(() => {}, 1e6);
    io.signal.addEventListener('abort', () => {
      setTimeout(() => { io.print('goodbye'); clearInterval(stay); }, 100);
    });
    io.print('ready');`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  return { child, said };
}

test('one Ctrl-C that arrives more than once still ends a program in order', async () => {
  const { child, said } = aProgram();
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const again = setInterval(() => child.kill('SIGINT'), 20);
  const [code] = await once(child, 'close');
  clearInterval(again);
  assert.deepEqual([code, said.join('')], [0, 'ready\ngoodbye\n']);
});
