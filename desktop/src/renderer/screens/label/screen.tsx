/** Stands here until its screen does. */
export function LabelScreen() {
  return <h1>Label</h1>;
}
