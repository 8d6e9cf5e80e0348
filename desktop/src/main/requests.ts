import type { ShellRequestName, ShellRequests } from '../renderer/shell/channels.ts';

/** The part of Electron's `ipcMain` that is needed. */
export interface MainPort {
  handle(channel: string, listener: (event: RequestEvent, args: unknown) => unknown): void;
}

/** Who asks. */
export interface RequestEvent {
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null;
}

/** One request: how its arguments are read, and what answers it. */
export interface RequestHandler<N extends ShellRequestName> {
  /** Undefined when the arguments are not what the channel promises. */
  readonly parse: (args: unknown) => ShellRequests[N]['args'] | undefined;
  readonly answer: (
    args: ShellRequests[N]['args'],
  ) => ShellRequests[N]['answer'] | Promise<ShellRequests[N]['answer']>;
}

/** One handler for each request that pages may make. */
export type RequestHandlers = { readonly [N in ShellRequestName]: RequestHandler<N> };

/** Answers the pages' requests: only those of our own main frame, only with arguments that fit. */
export function handleRequests(port: MainPort, handlers: RequestHandlers, origin: string): void {
  for (const name of Object.keys(handlers) as ShellRequestName[]) {
    const { parse, answer } = handlers[name] as RequestHandler<ShellRequestName>;
    port.handle(name, (event, args) => {
      if (!isOurFrame(event, origin))
        throw new Error('[forbidden] Only the console may ask the shell.');
      const parsed = parse(args);
      if (parsed === undefined)
        throw new Error(`[invalid-argument] ${name} was asked with something else.`);
      return answer(parsed);
    });
  }
}

/** The top frame of our own pages: no iframe, no other origin, no frame that is gone. */
function isOurFrame(event: RequestEvent, origin: string): boolean {
  const frame = event.senderFrame;
  if (frame === null || frame.parent !== null) return false;
  return frame.url === origin || frame.url.startsWith(`${origin}/`);
}
