import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiProvider } from './api/api-context.tsx';
import type { ConsoleParts } from './create-console.ts';
import { createConsoleRouter } from './router.tsx';
import { SessionProvider } from './session/session-context.tsx';
import { ThemeProvider } from './theme/theme-context.tsx';

/** The console. */
export function App({ parts }: { readonly parts: ConsoleParts }) {
  const [router] = useState(() => createConsoleRouter(parts.session));
  // Whoever signs out, or is signed out by the hub, is led to the sign-in page.
  useEffect(() => parts.session.subscribe(() => void router.invalidate()), [router, parts.session]);
  return (
    <ThemeProvider value={parts.theme}>
      <SessionProvider value={parts.session}>
        <QueryClientProvider client={parts.cache}>
          <ApiProvider value={parts.api}>
            <RouterProvider router={router} />
          </ApiProvider>
        </QueryClientProvider>
      </SessionProvider>
    </ThemeProvider>
  );
}
