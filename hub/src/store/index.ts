export { createFileBlobs } from './adapters/file-blobs.ts';
export { createMemoryBlobs } from './adapters/memory-blobs.ts';
export type { BlobStore } from './blobs.ts';
export type { Database, Queries } from './database.ts';
export { createGroupCommit, type GroupCommit } from './group-commit.ts';
export { openDatabase } from './open-database.ts';
export { isDuplicate, storeError } from './store-error.ts';
