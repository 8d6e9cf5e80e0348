export { openBrokerSocket } from './broker-socket.ts';
export { createFileDisk } from './file-disk.ts';
export { createKeyTrust, type TrustedKeys } from './key-trust.ts';
export { openSqliteOutbox, type SqliteOutboxOptions } from './sqlite-outbox.ts';
export { createSystemClock } from './system-clock.ts';
