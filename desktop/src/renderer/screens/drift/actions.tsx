import type { Alarm } from '@edgewise/protocol/http';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Tags } from 'lucide-react';
import { useApi } from '../../api/api-context.tsx';
import { Order } from '../../components/order.tsx';
import { text } from '../../text/text.ts';
import { isOpen, labelProgress } from './model.ts';

const words = text.driftScreen.actions;

/** What can be done about an alarm now. */
export function AlarmActions({ alarm }: { readonly alarm: Alarm }) {
  const { client } = useApi();
  const params = { alarm: alarm.id };
  const retrain = useMutation({ mutationFn: () => client.call('retrain', { params }) });
  const dismiss = useMutation({ mutationFn: () => client.call('dismissAlarm', { params }) });
  const { missing, given } = labelProgress(alarm);
  if (!isOpen(alarm)) return <p className="text-soft">{words.closed}</p>;
  return (
    <div className="flex flex-wrap items-center gap-2">
      {missing > 0 && (
        <Link
          to="/label"
          search={{ model: alarm.model }}
          className="inline-flex h-7 items-center gap-1.5 rounded-md bg-accent px-2.5 font-medium text-accent-ink hover:opacity-90"
        >
          <Tags size={14} aria-hidden />
          {words.label(missing)}
        </Link>
      )}
      <Order
        name={words.retrain}
        title={words.retrainTitle(alarm.model)}
        effect={words.retrainEffect(given)}
        order={retrain}
      />
      <Order
        name={words.dismiss}
        title={words.dismissTitle(alarm.id)}
        effect={words.dismissEffect(alarm.devices.length)}
        order={dismiss}
      />
    </div>
  );
}
