import { useMutation } from '@tanstack/react-query';
import { Play, Rocket, Undo2 } from 'lucide-react';
import { useApi, useAsk } from '../../api/api-context.tsx';
import { Order } from '../../components/order.tsx';
import { text } from '../../text/text.ts';
import { reachOf } from './model.ts';

const words = text.models.actions;

/** Brings a version to every device, after the model's name was typed. */
export function RollOut({ model, version }: { readonly model: string; readonly version: number }) {
  const { client } = useApi();
  const reach = reachOf(useAsk('listDevices', {}).data ?? []);
  const order = useMutation({
    mutationFn: () => client.call('startRollout', { body: { model, version } }),
  });
  return (
    <Order
      icon={<Rocket size={14} aria-hidden />}
      name={words.rollOut}
      main
      title={words.rollOutTitle(reach, text.modelVersion(model, version))}
      effect={words.rollOutEffect}
      typed={model}
      order={order}
    />
  );
}

/** Brings every device back to what it served before. */
export function RollBack({ model }: { readonly model: string }) {
  const { client } = useApi();
  const reach = reachOf(useAsk('listDevices', {}).data ?? []);
  const order = useMutation({ mutationFn: () => client.call('rollBack', { body: { model } }) });
  return (
    <Order
      icon={<Undo2 size={14} aria-hidden />}
      name={words.rollBack}
      title={words.rollBackTitle(reach, model)}
      effect={words.rollBackEffect}
      typed={model}
      order={order}
    />
  );
}

/** Trains a new version on what the data set holds now. */
export function TrainVersion({ model }: { readonly model: string }) {
  const { client } = useApi();
  const order = useMutation({ mutationFn: () => client.call('startRun', { body: { model } }) });
  return (
    <Order
      icon={<Play size={14} aria-hidden />}
      name={words.train}
      title={words.trainTitle(model)}
      effect={words.trainEffect}
      order={order}
    />
  );
}

/** Stops a rollout where it stands. */
export function AbortRollout({
  rollout,
  waiting,
}: {
  readonly rollout: string;
  readonly waiting: number;
}) {
  const { client } = useApi();
  const order = useMutation({
    mutationFn: () => client.call('abortRollout', { params: { rollout } }),
  });
  return (
    <Order
      name={words.abort}
      title={words.abortTitle(rollout)}
      effect={words.abortEffect(waiting)}
      order={order}
    />
  );
}

/** Stops a run. */
export function CancelRun({ run }: { readonly run: string }) {
  const { client } = useApi();
  const order = useMutation({ mutationFn: () => client.call('cancelRun', { params: { run } }) });
  return (
    <Order
      name={words.cancelRun}
      title={words.cancelRunTitle(run)}
      effect={words.cancelRunEffect}
      order={order}
    />
  );
}
