import { isIPv4 } from 'node:net';

/** Whether only this machine reaches an address: what listens elsewhere, or speaks to it, needs TLS. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
