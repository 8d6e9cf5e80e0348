import { openSqliteOutbox } from './sqlite-outbox.ts';

// Appends for ever and says what is durable, until it is killed.
const [, , file = ''] = process.argv;
const outbox = openSqliteOutbox(file, { budgetBytes: 1e9, nowMs: () => 1 });
for (;;) {
  const sequence = outbox.append('event', (at) => new TextEncoder().encode(`${at.sequence}`));
  process.stdout.write(`${sequence}\n`);
}
