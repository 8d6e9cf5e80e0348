export { type CallArgs, type Client, createClient } from './client.ts';
