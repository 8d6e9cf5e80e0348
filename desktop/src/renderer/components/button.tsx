import type { ButtonHTMLAttributes, ReactNode } from 'react';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: 'plain' | 'main' | 'danger' | 'quiet';
  readonly children: ReactNode;
}

const looks = {
  plain: 'border bg-surface hover:bg-hover',
  main: 'border border-transparent bg-accent text-accent-ink hover:opacity-90',
  danger: 'border bg-surface text-act hover:bg-hover',
  quiet: 'border border-transparent text-soft hover:bg-hover hover:text-ink',
} as const;

/** A button of the console, 28 px high. */
export function Button({ look = 'plain', className = '', children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`inline-flex h-7 items-center gap-1.5 whitespace-nowrap rounded-md px-2.5 font-medium transition-colors disabled:opacity-50 ${looks[look]} ${className}`}
      {...rest}
    >
      {children}
    </button>
  );
}
