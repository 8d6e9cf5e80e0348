import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStageProgress } from './stage-progress.ts';

function linesOf(interactive: boolean, steps: number): readonly string[] {
  const lines: string[] = [];
  const show = createStageProgress({ interactive, progress: (line) => lines.push(line) });
  for (let done = 1; done <= steps; done++) show('Comparing', { done, of: steps });
  show('Measuring', { done: 3, of: undefined });
  return lines;
}

test('where lines stay, there is one for each tenth; a terminal shows every step', () => {
  const few = linesOf(false, 200);
  assert.equal(few.length, 12);
  assert.match(few[10] ?? '', /^Comparing █{24} 200 of 200$/);
  assert.equal(few[11], 'Measuring 3');
  assert.equal(linesOf(true, 200).length, 201);
});
