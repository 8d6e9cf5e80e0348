import { describeOutbox } from '../testing/describe-outbox.ts';
import { createMemoryOutbox } from './memory-outbox.ts';

describeOutbox('memory', (options) => createMemoryOutbox({ epoch: 1, ...options }));
