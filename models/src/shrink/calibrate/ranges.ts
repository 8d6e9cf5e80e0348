/** The least and greatest number a value took, or is to be given integers for. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Ranges by the name of the value. */
export type Ranges = ReadonlyMap<string, Range>;
