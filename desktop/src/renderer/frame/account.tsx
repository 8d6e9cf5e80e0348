import { LogOut, UserRound } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useSession } from '../session/session-context.tsx';
import { text } from '../text/text.ts';

/** Who is signed in, and the way out. */
export function Account() {
  const { session, credential } = useSession();
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        className="grid size-7 place-items-center rounded-md text-soft hover:bg-hover hover:text-ink"
        aria-label={text.frame.account}
      >
        <UserRound size={16} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          className="fade-in z-50 min-w-52 rounded-md border bg-surface p-1 shadow-(--shadow)"
        >
          <DropdownMenu.Label className="px-2 py-1.5 text-[12px] text-faint">
            {credential?.scope ? text.frame.scope(credential.scope) : text.frame.scopeUnknown}
          </DropdownMenu.Label>
          <DropdownMenu.Item
            className="flex h-8 cursor-pointer items-center gap-2 rounded px-2 outline-none data-highlighted:bg-hover"
            onSelect={() => session.signOut()}
          >
            <LogOut size={14} aria-hidden />
            {text.frame.signOut}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
