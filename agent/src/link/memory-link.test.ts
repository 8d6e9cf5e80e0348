import { describeLink } from '../testing/describe-link.ts';
import { createMemoryBroker } from '../testing/memory-broker.ts';

describeLink('memory', (onUnreadable) => {
  const broker = createMemoryBroker();
  const agent = broker.link({ onUnreadable });
  const hub = broker.link();
  return Promise.resolve({
    agent,
    hub,
    interrupt: () => agent.disconnect(),
    restore: () => agent.connect(),
    inject: (topic, bytes) => Promise.resolve(broker.inject(topic, bytes)),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  });
});
