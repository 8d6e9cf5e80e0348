import type { Handlers } from '../api/handler.ts';
import type { Labels } from './labels.ts';
import { drawSample } from './sample-picture.ts';

/** The routes of the label queue. */
export function labelHandlers(
  labels: Labels,
): Handlers<'labelQueue' | 'getSample' | 'sampleContent' | 'labelSample' | 'unlabelSample'> {
  return {
    labelQueue: async ({ query: { limit = 100, model, status } }) => [
      ...(await labels.queue({ limit, ...(model && { model }), ...(status && { status }) })),
    ],
    getSample: ({ params }) => labels.get(params.sample),
    async sampleContent({ params, query }) {
      const bytes = await labels.content(params.sample);
      return query.as === 'png' ? drawSample(bytes, await labels.get(params.sample)) : bytes;
    },
    labelSample: ({ params, body }, { caller }) =>
      labels.label(params.sample, body.label, caller.name),
    unlabelSample: ({ params }) => labels.unlabel(params.sample),
  };
}
