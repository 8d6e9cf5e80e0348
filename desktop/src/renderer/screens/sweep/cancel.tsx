import type { Sweep } from '@edgewise/protocol/http';
import { useMutation } from '@tanstack/react-query';
import { useApi } from '../../api/api-context.tsx';
import { Order } from '../../components/order.tsx';
import { text } from '../../text/text.ts';

const words = text.sweep;

/** Stops a sweep, after a question that says what is lost. */
export function CancelSweep({ sweep: { id, trials, tally } }: { readonly sweep: Sweep }) {
  const { client } = useApi();
  const order = useMutation({
    mutationFn: () => client.call('cancelSweep', { params: { sweep: id } }),
  });
  return (
    <Order
      name={words.cancel}
      title={words.cancelTitle(id)}
      effect={words.cancelEffect(trials.length - (tally?.ended ?? 0))}
      order={order}
    />
  );
}
