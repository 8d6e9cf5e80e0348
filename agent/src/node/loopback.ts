import { isIPv4 } from 'node:net';

/** Whether only this machine reaches the host of an address: everything else is spoken to over TLS. */
export function isLoopback({ hostname }: URL): boolean {
  const isOwn = isIPv4(hostname) && hostname.startsWith('127.');
  return isOwn || hostname === 'localhost' || hostname === '[::1]';
}
