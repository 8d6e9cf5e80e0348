import {
  type Shell,
  type ShellEvents,
  shellEventNames,
  shellRequestNames,
} from '../renderer/shell/channels.ts';

/** The part of Electron's `ipcRenderer` that the bridge needs. */
export interface RendererPort {
  invoke(channel: string, args: unknown): Promise<unknown>;
  on(channel: string, listener: (event: unknown, body: unknown) => void): void;
  off(channel: string, listener: (event: unknown, body: unknown) => void): void;
}

/** The only way from the pages to the shell: known names pass, everything else is refused here already. */
export function createBridge(port: RendererPort): Shell {
  return {
    async ask(name, args) {
      if (!includes(shellRequestNames, name))
        throw new Error(`The shell does not answer ${String(name)}.`);
      return (await port.invoke(name, args)) as never;
    },
    listen(name, listener) {
      if (!includes(shellEventNames, name))
        throw new Error(`The shell never says ${String(name)}.`);
      const receive = (_: unknown, body: unknown) => listener(body as ShellEvents[typeof name]);
      port.on(name, receive);
      return () => port.off(name, receive);
    },
  };
}

function includes(names: readonly string[], name: unknown): boolean {
  return typeof name === 'string' && names.includes(name);
}
