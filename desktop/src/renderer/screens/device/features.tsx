import type { Device } from '@edgewise/protocol/http';
import { useAsk } from '../../api/api-context.tsx';
import { Histogram, HistogramLegend } from '../../charts/histogram.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatCount, formatEvidence, formatNumber } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type FeatureView, featureViews } from './model.ts';

const words = text.device.features;
/** Windows that are added up, and how often they are asked for again while they come in. */
const windows = 20;
const refetchMs = 5_000;

/** Recent counts of each feature beside the reference profile. */
export function DeviceFeatures({ device }: { readonly device: Device }) {
  const profile = useAsk(
    'deviceProfile',
    { params: { device: device.id }, query: { windows } },
    { refetchMs: device.presence.status === 'online' ? refetchMs : 0 },
  );
  return (
    <Panel title={words.title(windows)} aside={<HistogramLegend />}>
      <Answer of={profile} height={320}>
        {(comparisons) =>
          comparisons.length === 0 ? (
            <Empty title={words.empty}>{words.emptyHint}</Empty>
          ) : (
            <ul className="grid grid-cols-[repeat(auto-fill,minmax(240px,1fr))]">
              {featureViews(comparisons, device.drift.logThreshold).map((view) => (
                <Feature key={view.comparison.feature} view={view} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}

function Feature({ view: { comparison, level } }: { readonly view: FeatureView }) {
  const { feature, logM, psi, psiNull95, n } = comparison;
  return (
    <li className="-mr-px -mb-px flex min-w-0 flex-col gap-2 border-r border-b p-3">
      <div className="flex items-baseline justify-between gap-2">
        <h3 className="truncate font-medium" title={feature}>
          {feature}
        </h3>
        <StateBadge
          level={level}
          word={words.evidence(formatEvidence(logM))}
          title={words.evidenceTitle}
        />
      </div>
      <Histogram label={feature} {...comparison} />
      <p className="text-[12px] text-faint tabular-nums" title={words.psiTitle}>
        {words.psi(formatNumber(psi, 2), formatNumber(psiNull95, 2), formatCount(n))}
      </p>
    </li>
  );
}
