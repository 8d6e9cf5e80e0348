import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
const terminal = new URL('./terminal.ts', import.meta.url).href;

/** A program that says goodbye once Ctrl-C has reached it twice. */
function aProgram() {
  const source = `import { createTerminal } from ${JSON.stringify(terminal)};
    const io = createTerminal();
    const stay = setInterval(() => {}, 1e6);
    let reached = 0;
    process.on('SIGINT', () => {
      if (++reached < 2) return io.print(io.signal.aborted ? 'asked' : 'deaf');
      io.print('goodbye');
      clearInterval(stay);
    });
    io.print('ready');`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  return { child, said };
}

test('one Ctrl-C that arrives twice still ends a program in order', async () => {
  const { child, said } = aProgram();
  const closed = once(child, 'close');
  // Each signal waits for the answer to the one before: two that arrive together count once.
  for (let sent = 0; sent < 2; sent++) {
    await once(child.stdout, 'data');
    child.kill('SIGINT');
  }
  const [code] = await closed;
  assert.deepEqual([code, said.join('')], [0, 'ready\nasked\ngoodbye\n']);
});
