export type { OnUnreadable } from './handlers.ts';
export type { HubLink } from './hub-link.ts';
export { createMqttLink, type MqttLinkOptions, openBroker } from './mqtt-link.ts';
