/** Stands here until its screen does. */
export function DeviceScreen() {
  return <h1>Device</h1>;
}
