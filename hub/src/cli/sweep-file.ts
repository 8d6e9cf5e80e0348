import { FleetError, schemaFault } from '@edgewise/protocol';
import { SweepSpec } from '@edgewise/protocol/http';
import { Value } from 'typebox/value';

/** The smallest sweep that shows all kinds of parameters, as help and errors print it. */
export const sweepExample = `{"method": "halving", "trials": 9, "workers": 2, "parameters": {
    "optimizer.rate": {"low": 0.0001, "high": 0.1, "scale": "log"}, "layers.0.filters": {"values": [8, 16]}}}`;

/** A parsed JSON document as a sweep. Throws `invalid-argument` with the file, the place, the fault and an example. */
export function readSweep(document: unknown, file: string): SweepSpec {
  const found = schemaFault(Value.Errors(SweepSpec, document));
  if (found === undefined) return document as SweepSpec;
  const where = found.place === '' ? 'the sweep' : `"${found.place}"`;
  throw new FleetError(
    'invalid-argument',
    `${file}: ${where} ${found.fault}. A sweep looks like this:\n  ${sweepExample}`,
  );
}
