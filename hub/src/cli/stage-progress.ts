import { bar, type Io } from './io.ts';

/** How much of something is done, and of how much where that is known. */
export interface Done {
  readonly done: number;
  readonly of: number | undefined;
}

/** Shows how far a stage is; where lines stay, one for each tenth is enough. */
export function createStageProgress(
  io: Pick<Io, 'interactive' | 'progress'>,
): (stage: string, done: Done) => void {
  let shown = '';
  return (stage, { done, of }) => {
    const share = of === undefined ? undefined : done / of;
    const tenth = `${stage} ${share === undefined ? done : Math.floor(share * 10)}`;
    if (io.interactive || tenth !== shown) {
      const count = share === undefined ? done : `${bar(share)} ${done} of ${of}`;
      io.progress(`${stage} ${count}`);
    }
    shown = tenth;
  };
}

/** The same for what calls back after each of so many feeds. */
export function feedProgress(
  io: Pick<Io, 'interactive' | 'progress'>,
  stage: string,
  of: number,
): { readonly onFeed: () => void } {
  const show = createStageProgress(io);
  let done = 0;
  return { onFeed: () => show(stage, { done: ++done, of }) };
}
