import { FleetError } from '@edgewise/protocol';

/** Cuts a stream of bytes into lines of at most `maxBytes`. Throws `too-large` for a longer one. */
export function createLineSplitter(maxBytes: number): (chunk: Uint8Array) => readonly string[] {
  const decoder = new TextDecoder();
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxBytes) {
      rest = '';
      throw new FleetError('too-large', `A line is longer than ${maxBytes} bytes.`);
    }
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  };
}
