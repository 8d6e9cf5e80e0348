export type { AgentLink } from './agent-link.ts';
export { createDeviceSignIn, type DeviceSignInOptions } from './device-sign-in.ts';
export { createMemoryOutbox } from './memory-outbox.ts';
export { createMqttLink, type MqttLinkOptions, type SignIn } from './mqtt-link.ts';
export type { DroppedRange, Numbered, Outbox, OutboxEntry, OutboxStats } from './outbox.ts';
export { presenceWill } from './presence-will.ts';
export type { OnUnreadable } from './subscriptions.ts';
