/** Bytes of standard base64 (RFC 4648 section 4); `undefined` when the text is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // The one failure of `atob`: a character or length that is not base64.
    return undefined;
  }
}

/** Standard base64 of bytes, with padding. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += partLength) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + partLength)));
  }
  return btoa(parts.join(''));
}

/** Engines limit the number of arguments of a call. */
const partLength = 8192;
