import type { Device } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { Ago } from '../../components/ago.tsx';
import { Empty } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { Progress } from '../../components/progress.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatDeviation, formatShare, shortDigest } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { type SlotRow, slotRows } from './model.ts';

const words = text.device.slots;

/** What the device holds, with the certificate of each slot. */
export function DeviceSlots({ device }: { readonly device: Device }) {
  const rows = slotRows(device);
  const progress = device.state?.progress;
  return (
    <Panel
      title={words.title}
      aside={words.generation(device.target.generation, device.state?.observedGeneration ?? 0)}
    >
      {rows.length === 0 && <Empty title={words.empty}>{words.emptyHint}</Empty>}
      <ul>
        {rows.map((row) => (
          <Slot key={row.role} row={row} />
        ))}
      </ul>
      {progress && (
        <div className="flex flex-col gap-1.5 border-t px-3 py-2 text-soft">
          {words.progress(
            text.steps[progress.step] ?? progress.step,
            progress.done,
            progress.total,
          )}
          <Progress label={progress.step} done={progress.done} of={progress.total} />
        </div>
      )}
      {device.state?.refusals.map((refusal) => (
        <p key={`${refusal.manifest}-${refusal.atMs}`} className="border-t px-3 py-2">
          <StateBadge level="act" word={words.refused(shortDigest(refusal.manifest))} />{' '}
          <code className="font-mono text-[12px]">{refusal.code}</code>{' '}
          <span className="text-soft">
            {refusal.detail} <Ago atMs={refusal.atMs} />
          </span>
        </p>
      ))}
    </Panel>
  );
}

function Slot({ row }: { readonly row: SlotRow }) {
  return (
    <li className="grid grid-cols-[76px_minmax(0,1fr)_auto] items-baseline gap-x-3 border-b px-3 py-2 last:border-b-0">
      <span className="text-faint">{words.roles[row.role]}</span>
      <span className="min-w-0 truncate">
        <Link
          to="/models"
          search={{ model: row.model, version: row.version }}
          className="font-medium hover:underline"
        >
          {text.modelVersion(row.model, row.version)}
        </Link>{' '}
        <code className="font-mono text-[12px] text-faint" title={row.manifest}>
          {shortDigest(row.manifest)}
        </code>
      </span>
      <StateBadge level={row.level} word={words.statuses[row.status]} />
      <span className="col-start-2 col-span-2 text-[12px] text-faint">
        {row.parity
          ? words.parity({
              vectors: row.parity.vectors,
              agreement: formatShare(row.parity.topAgreement),
              deviation: formatDeviation(row.parity.largestDeviation),
            })
          : words.noParity}
        {row.sinceMs !== undefined && (
          <>
            {' · '}
            {words.serving} <Ago atMs={row.sinceMs} />
          </>
        )}
      </span>
    </li>
  );
}
