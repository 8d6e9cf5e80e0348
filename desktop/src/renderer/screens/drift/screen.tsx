/** Stands here until its screen does. */
export function DriftScreen() {
  return <h1>Drift</h1>;
}
