import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Failure } from '../../components/answer.tsx';
import { Button } from '../../components/button.tsx';
import type { Shell } from '../../shell/channels.ts';
import { text } from '../../text/text.ts';

const words = text.signIn;

/** Inside the shell: which hub these pages belong to. */
export function HubAddress({ shell }: { readonly shell: Shell }) {
  const hub = useQuery({ queryKey: ['shell', 'hub'], queryFn: () => shell.ask('hub:get', {}) });
  const [typed, setTyped] = useState<string>();
  const choose = useMutation({ mutationFn: (url: string) => shell.ask('hub:set', { url }) });
  const value = typed ?? hub.data?.url ?? '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    choose.mutate(value);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2 border-b p-5">
      <label className="flex flex-col gap-1">
        <span className="font-medium">{words.hub}</span>
        <input
          className="h-8 rounded-md border border-line-strong bg-page px-2 font-mono"
          value={value}
          spellCheck={false}
          placeholder="http://127.0.0.1:8320"
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {choose.data?.ok === false && (
        <p role="alert" className="text-act">
          {words.hubRefused[choose.data.reason]}
        </p>
      )}
      {choose.isError && <Failure error={choose.error} />}
      <Button type="submit" className="self-end" disabled={value === '' || choose.isPending}>
        {words.useHub}
      </Button>
    </form>
  );
}
