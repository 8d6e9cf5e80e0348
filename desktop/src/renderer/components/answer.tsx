import { codes, FleetError } from '@edgewise/protocol/errors';
import { OctagonAlert, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { text } from '../text/text.ts';
import { Button } from './button.tsx';

interface Question<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

interface AnswerProps<T> {
  readonly of: Question<T>;
  /** Height in pixels of what will stand here, so that nothing jumps. */
  readonly height: number;
  readonly children: (data: T) => ReactNode;
}

/** What a question to the hub has come to: a skeleton, an error with a way out, or the answer. */
export function Answer<T>({ of, height, children }: AnswerProps<T>) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Failure error={of.error} retry={() => void of.refetch()} />;
  return <Skeleton height={height} />;
}

/** Grey lines, as high as what will come. */
export function Skeleton({ height }: { readonly height: number }) {
  const widths = Array.from(
    { length: Math.max(1, Math.floor(height / 32)) },
    (_, row) => 92 - ((row * 17) % 40) - row / 100,
  );
  return (
    <div
      role="status"
      aria-label={text.loading}
      style={{ height }}
      className="flex flex-col gap-3 p-3"
    >
      {widths.map((width) => (
        <div key={width} className="skeleton h-5 shrink-0" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** An error with its code, what to do about it, and another attempt. */
export function Failure({
  error,
  retry,
}: {
  readonly error: unknown;
  readonly retry?: () => void;
}) {
  const { code, reason } = FleetError.from(error);
  return (
    <div role="alert" className="flex flex-col items-start gap-2 p-4">
      <p className="inline-flex items-center gap-1.5 font-medium text-act">
        <OctagonAlert size={14} aria-hidden />
        {codes[code].sentence}
      </p>
      <p className="text-soft">
        <code className="font-mono text-[12px]">{code}</code> {reason}
      </p>
      {retry && (
        <Button onClick={retry}>
          <RotateCw size={14} aria-hidden />
          {text.retry}
        </Button>
      )}
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
}

/** Nothing is here yet, and what to do next. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-12 text-center">
      <p className="font-medium">{title}</p>
      <div className="flex max-w-[60ch] flex-col items-center gap-2 text-soft">{children}</div>
    </div>
  );
}
