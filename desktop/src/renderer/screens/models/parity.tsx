import type { DeviceParity } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import {
  formatCount,
  formatDeviation,
  formatNumber,
  formatShare,
  none,
} from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type ParityView, parityViews, verdictLevels } from './parity-model.ts';

const words = text.models.parity;

interface ParityPanelProps {
  readonly model: string;
  readonly version: number;
}

/** Whether the devices give the answers that the hub computed, variant by variant. */
export function ParityPanel({ model, version }: ParityPanelProps) {
  const answer = useAsk('parity', { params: { model }, query: { version } });
  return (
    <Panel title={words.title}>
      <Answer of={answer} height={128}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={words.empty}>{words.emptyHint}</Empty>
          ) : (
            <Matrix views={parityViews(rows)} />
          )
        }
      </Answer>
    </Panel>
  );
}

function Matrix({ views }: { readonly views: readonly ParityView[] }) {
  const columns = words.columns;
  return (
    <>
      <p className="border-b px-3 py-2 text-soft">{words.about}</p>
      <table className="w-full" aria-label={words.title}>
        <thead>
          <tr className="h-8 text-left text-[12px] text-soft">
            <th className="px-3 font-medium">{columns.variant}</th>
            <th className="px-3 text-right font-medium">{columns.deviation}</th>
            <th className="px-3 text-right font-medium">{columns.agreement}</th>
            <th className="px-3 font-medium">{columns.verdict}</th>
            <th className="px-3 font-medium max-sm:hidden">{columns.devices}</th>
          </tr>
        </thead>
        {views.map((view) => (
          <Variant key={view.deviceClass} view={view} />
        ))}
      </table>
    </>
  );
}

function Variant({ view }: { readonly view: ParityView }) {
  const { golden, verdict } = view;
  const allowed = formatNumber(view.allowed);
  const source = view.isMean ? words.meanSource : words.deviationSource;
  const needed = formatShare(golden?.topAgreement);
  return (
    <tbody className="border-t">
      <tr className="h-8 whitespace-nowrap" data-key={view.deviceClass}>
        <td className="px-3">{text.deviceClasses[view.deviceClass]}</td>
        <td className="px-3 text-right" title={golden ? source(allowed) : undefined}>
          {formatDeviation(view.deviation)}{' '}
          {golden && view.deviation !== undefined && (
            <span className="text-faint max-sm:hidden">{words.ofAllowed(allowed)}</span>
          )}
        </td>
        <td className="px-3 text-right" title={golden ? words.agreementSource(needed) : undefined}>
          {formatShare(view.agreement)}
        </td>
        <td className="px-3">
          <StateBadge level={verdictLevels[verdict]} word={words.verdicts[verdict]} />
        </td>
        <td className="px-3 max-sm:hidden">{countsText(view)}</td>
      </tr>
      <tr>
        <td colSpan={5} className="px-3 pb-2 text-[12px] leading-4 text-faint">
          <Facts view={view} />
          {view.refusedBy.length > 0 && <RefusedBy devices={view.refusedBy} />}
        </td>
      </tr>
    </tbody>
  );
}

function Facts({ view }: { readonly view: ParityView }) {
  const { scheme, reason, golden } = view;
  return (
    <>
      {scheme && <p>{text.models.schemes[scheme]}</p>}
      {reason && <p>{reason}</p>}
      <p>
        {golden && words.vectors(formatCount(golden.vectors))}
        <span className="sm:hidden"> · {countsText(view)}</span>
      </p>
    </>
  );
}

function countsText({ counts, verdict }: ParityView): string {
  if (verdict === 'none') return none;
  return (['proved', 'refused', 'waiting'] as const)
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => words.counts[outcome](formatCount(counts[outcome])))
    .join(', ');
}

/** Devices that are named one by one. */
const mostNamed = 5;

function RefusedBy({ devices }: { readonly devices: readonly DeviceParity[] }) {
  return (
    <ul className="mt-1 flex flex-col gap-0.5 text-soft" aria-label={words.refusedBy}>
      {devices.slice(0, mostNamed).map(({ device, detail }) => (
        <li key={device}>
          <Link
            to="/devices/$device"
            params={{ device }}
            className="font-medium underline decoration-line-strong underline-offset-2 hover:decoration-ink"
          >
            {device}
          </Link>{' '}
          {detail}
        </li>
      ))}
      {devices.length > mostNamed && <li>{words.more(formatCount(devices.length - mostNamed))}</li>}
    </ul>
  );
}
