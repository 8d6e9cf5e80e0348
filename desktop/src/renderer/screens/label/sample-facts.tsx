import type { FieldSample } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { Eye, EyeOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { Ago } from '../../components/ago.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatShare, shortDigest } from '../../text/format.ts';
import { text } from '../../text/text.ts';

const words = text.label;

interface SampleFactsProps {
  readonly sample: FieldSample;
  readonly classes: readonly string[];
  readonly predictionShown: boolean;
  readonly onTogglePrediction: () => void;
}

/** Where the sample is from, why it was chosen, and, if one wants, what the model said. */
export function SampleFacts({
  sample,
  classes,
  predictionShown,
  onTogglePrediction,
}: SampleFactsProps) {
  const Icon = predictionShown ? EyeOff : Eye;
  return (
    <Panel title={words.sample} className="self-start">
      <dl className="flex flex-col gap-1.5 p-3">
        <Fact name={words.from}>
          <Link
            to="/devices/$device"
            params={{ device: sample.device }}
            className="hover:underline"
          >
            {sample.device}
          </Link>
        </Fact>
        <Fact name={words.why}>{words.reasons[sample.reason]}</Fact>
        <Fact name={words.seen}>
          <Ago atMs={sample.atMs} />
        </Fact>
        <Fact name={words.sample}>
          <code className="font-mono text-[12px]" title={sample.sample}>
            {shortDigest(sample.sample)}
          </code>
        </Fact>
      </dl>
      <div className="flex items-start justify-between gap-2 border-t px-3 py-2">
        <p className="text-soft">
          {predictionShown
            ? words.predicted(
                classes[sample.predicted] ?? String(sample.predicted),
                formatShare(sample.confidence),
              )
            : words.hidden}
        </p>
        <button
          type="button"
          aria-pressed={predictionShown}
          aria-label={predictionShown ? words.hidePrediction : words.showPrediction}
          title={`${predictionShown ? words.hidePrediction : words.showPrediction} (p)`}
          onClick={onTogglePrediction}
          className="grid size-7 shrink-0 place-items-center rounded-md text-soft hover:bg-hover hover:text-ink"
        >
          <Icon size={16} aria-hidden />
        </button>
      </div>
    </Panel>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[92px_minmax(0,1fr)] gap-2">
      <dt className="text-faint">{name}</dt>
      <dd className="truncate">{children}</dd>
    </div>
  );
}
