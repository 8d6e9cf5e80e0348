import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { text } from '../text/text.ts';

/** A command to run in a terminal, with a button that copies it. */
export function CopyCommand({ command }: { readonly command: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <span className="inline-flex max-w-full items-center gap-1 rounded-md border bg-raised py-0.5 pr-0.5 pl-2 font-mono text-[12px]">
      <code className="min-w-0 py-0.5 text-left wrap-anywhere" title={command}>
        {command}
      </code>
      <button
        type="button"
        className="grid size-6 shrink-0 place-items-center rounded text-faint hover:bg-hover hover:text-ink"
        onClick={() => void copy()}
        aria-label={copied ? text.copied : text.copyCommand(command)}
        title={copied ? text.copied : text.copy}
      >
        {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </button>
    </span>
  );
}
