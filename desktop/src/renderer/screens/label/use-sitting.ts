import type { FieldSample } from '@edgewise/protocol/http';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { answer, emptySitting, type Sitting, takeBack } from './model.ts';

/** Answers and undo of a sitting; what cannot be stored comes back. */
export function useSitting() {
  const { client } = useApi();
  const [sitting, setSitting] = useState<Sitting>(emptySitting);
  const store = useMutation({
    mutationFn: ({ sample, label }: { sample: FieldSample; label: number | null }) =>
      client.call('labelSample', { params: { sample: sample.sample }, body: { label } }),
    onError: (_, { sample }) => setSitting((now) => takeBack(now, sample)),
  });
  const withdraw = useMutation({
    mutationFn: (sample: FieldSample) =>
      client.call('unlabelSample', { params: { sample: sample.sample } }),
  });
  return {
    sitting,
    error: store.error ?? withdraw.error,
    give(sample: FieldSample, label: number | null) {
      setSitting((now) => answer(now, sample, label));
      store.mutate({ sample, label });
    },
    undo() {
      const last = sitting.answered.at(-1);
      if (!last) return;
      setSitting((now) => takeBack(now, last.sample));
      withdraw.mutate(last.sample);
    },
  };
}
