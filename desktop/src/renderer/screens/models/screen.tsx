/** Stands here until its screen does. */
export function ModelsScreen() {
  return <h1>Models</h1>;
}
