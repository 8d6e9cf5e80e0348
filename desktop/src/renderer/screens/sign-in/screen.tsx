import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { Failure, Skeleton } from '../../components/answer.tsx';
import { Button } from '../../components/button.tsx';
import { CopyCommand } from '../../components/copy-command.tsx';
import type { Credential } from '../../session/session.ts';
import { useSession } from '../../session/session-context.tsx';
import { findShell } from '../../shell/shell.ts';
import { text } from '../../text/text.ts';
import { HubAddress } from './hub-address.tsx';
import { placeAfter, readPasted } from './model.ts';

const route = getRouteApi('/signin');
const words = text.signIn;

/** Who are you? A one-time link answers by itself; else a token is pasted. */
export function SignInScreen() {
  const { code, next } = route.useSearch();
  const { signIn, pending, error } = useSignIn(next);
  const shell = findShell(window);
  const used = useRef<string>(undefined);
  useEffect(() => {
    if (code === undefined || used.current === code) return;
    used.current = code;
    signIn(`${code}`, 'code');
  }, [code, signIn]);

  return (
    <main className="grid min-h-full place-items-center p-4">
      <div className="w-full max-w-[400px] rounded-lg border bg-surface">
        <header className="border-b px-5 py-4">
          <p className="text-[12px] text-faint">{text.product}</p>
          <h1>{words.title}</h1>
        </header>
        {shell && <HubAddress shell={shell} />}
        {error !== null && <Failure error={error} />}
        {pending ? <Skeleton height={96} /> : <TokenForm onToken={signIn} />}
      </div>
    </main>
  );
}

interface TokenFormProps {
  readonly onToken: (value: string, kind: 'code' | 'token') => void;
}

function TokenForm({ onToken }: TokenFormProps) {
  const [value, setValue] = useState('');
  const pasted = readPasted(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (pasted.kind === 'code') onToken(pasted.code, 'code');
    if (pasted.kind === 'token') onToken(pasted.token, 'token');
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 p-5">
      <label className="flex flex-col gap-1">
        <span className="font-medium">{words.field}</span>
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          className="h-8 rounded-md border border-line-strong bg-page px-2 font-mono"
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
      </label>
      <Button
        type="submit"
        look="main"
        className="justify-center"
        disabled={pasted.kind === 'nothing'}
      >
        {words.submit}
      </Button>
      <p className="text-soft">{words.hint}</p>
      <CopyCommand command={words.command} />
    </form>
  );
}

/** Exchanges a code for a token, or tries a token, and goes on to where one wanted to be. */
function useSignIn(next: string | undefined) {
  const { withToken } = useApi();
  const { session } = useSession();
  const router = useRouter();
  const { mutate, isPending, error } = useMutation({
    mutationFn: async ({
      value,
      kind,
    }: {
      value: string;
      kind: 'code' | 'token';
    }): Promise<Credential> => {
      if (kind === 'code') return withToken(`signin:${value}`).call('signIn', {});
      await withToken(value).call('status', {});
      return { token: value, scope: undefined };
    },
    onSuccess: (credential) => {
      session.signIn(credential);
      router.history.replace(placeAfter(next));
    },
  });
  const [signIn] = useState(
    () => (value: string, kind: 'code' | 'token') => mutate({ value, kind }),
  );
  return { signIn, pending: isPending, error };
}
