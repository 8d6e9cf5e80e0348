import type { DeviceClass } from '@edgewise/protocol';

/** Device classes that every version is built for, whoever is enrolled: a server has one of them. */
export const usualClasses: readonly DeviceClass[] = ['x64', 'x64-vnni'];
