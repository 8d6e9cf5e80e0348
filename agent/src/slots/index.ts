export { type ByteRange, type Disk, writeDurably } from './disk.ts';
export { createMemoryDisk, type MemoryDisk, type MemoryDiskOptions } from './memory-disk.ts';
