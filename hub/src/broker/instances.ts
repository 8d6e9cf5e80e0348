/** Processes that have run under each device's identity. */
export interface Instances {
  /**
   * Lets an instance in. A new one takes the identity over for good; one that was replaced and comes
   * back is a second machine with the same key: `cloned`.
   */
  admit(device: string, instance: string): 'first' | 'same' | 'replaces' | 'cloned';
}

/** How many replaced instances of a device are remembered. */
const remembered = 32;

/** Keeps instances in memory: after a restart of the hub a clone shows at its second return. */
export function createInstances(): Instances {
  const devices = new Map<string, { current: string; replaced: string[] }>();
  return {
    admit(device, instance) {
      const known = devices.get(device);
      if (!known) {
        devices.set(device, { current: instance, replaced: [] });
        return 'first';
      }
      if (known.current === instance) return 'same';
      if (known.replaced.includes(instance)) return 'cloned';
      known.replaced = [...known.replaced, known.current].slice(-remembered);
      known.current = instance;
      return 'replaces';
    },
  };
}
