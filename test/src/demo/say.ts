/** Progress for the person who watches. */
export interface Say {
  /** A stage begins. */
  stage(name: string): void;
  /** A fact of this stage. */
  fact(text: string): void;
  /** The state of long work; redrawn on a terminal, printed now and then otherwise. */
  progress(text: string, share?: number): void;
}

/** A share as a percentage with two decimals. */
export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

const plainEveryMs = 2000;

/** Writes to a terminal or a file; the answer itself goes to standard output. */
export function createSay(stream: NodeJS.WriteStream): Say {
  const start = Date.now();
  const terminal = stream.isTTY === true;
  let drawn = false;
  let printedAt = 0;
  const clear = () => {
    if (drawn) stream.write('\r\x1b[2K');
    drawn = false;
  };
  const line = (text: string) => {
    clear();
    printedAt = 0;
    stream.write(`${text}\n`);
  };
  const clock = () => `${((Date.now() - start) / 1000).toFixed(0).padStart(4)} s`;
  return {
    stage: (name) => line(`${clock()}  ${terminal ? `\x1b[1m${name}\x1b[0m` : name}`),
    fact: (text) => line(`        ${text}`),
    progress(text, share) {
      const full = share === undefined ? text : `${bar(share)} ${text}`;
      if (terminal) {
        stream.write(`\r\x1b[2K        ${full}`);
        drawn = true;
      } else if (Date.now() - printedAt > plainEveryMs) {
        stream.write(`        ${full}\n`);
        printedAt = Date.now();
      }
    },
  };
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * 24);
  return '█'.repeat(full) + '░'.repeat(24 - full);
}
