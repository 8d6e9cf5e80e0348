export { type Broker, type BrokerLimits, type BrokerOptions, createBroker } from './broker.ts';
export type { ApiTokens, BlobAccess, DeviceKeys, RefusedSignIn } from './ports.ts';
