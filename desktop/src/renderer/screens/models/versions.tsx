import type { ModelVersion } from '@edgewise/protocol/http';
import type { UseQueryResult } from '@tanstack/react-query';
import { Ago } from '../../components/ago.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatAccuracy, formatBytes, formatPoints, formatShare } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import type { VersionRow } from './model.ts';

const words = text.models.versions;

interface VersionsProps {
  readonly answer: UseQueryResult<ModelVersion[]>;
  readonly rows: readonly VersionRow[];
  readonly selected: VersionRow | undefined;
  readonly onSelect: (version: number) => void;
}

/** Every version with its figures. */
export function Versions({ answer, rows, selected, onSelect }: VersionsProps) {
  return (
    <Panel title={words.title} aside={String(rows.length)}>
      <Answer of={answer} height={128}>
        {() =>
          rows.length === 0 ? (
            <Empty title={words.empty}>{words.emptyHint}</Empty>
          ) : (
            <DataTable
              label={words.title}
              columns={columns}
              rows={rows}
              rowKey={rowKey}
              selected={selected && rowKey(selected)}
              onOpen={(row) => onSelect(row.version.version)}
              maxHeight={360}
            />
          )
        }
      </Answer>
    </Panel>
  );
}

const rowKey = (row: VersionRow) => String(row.version.version);

const columns: readonly Column<VersionRow>[] = [
  {
    id: 'version',
    title: words.columns.version,
    cell: ({ version }) => (
      <span className="font-medium">{text.modelVersion(version.model, version.version)}</span>
    ),
  },
  {
    id: 'gate',
    title: words.columns.gate,
    cell: ({ version, level }) => (
      <StateBadge level={level} word={words.verdicts[version.gate.verdict]} />
    ),
  },
  {
    id: 'fp32',
    title: words.columns.fp32,
    align: 'end',
    cell: (row) => formatAccuracy(row.fp32Accuracy),
  },
  {
    id: 'int8',
    title: words.columns.int8,
    align: 'end',
    cell: (row) => (
      <span title={words.worst}>
        {formatAccuracy(row.int8Accuracy)}{' '}
        {row.difference !== undefined && (
          <span className="text-faint">{formatPoints(row.difference)}</span>
        )}
      </span>
    ),
  },
  {
    id: 'size',
    title: words.columns.size,
    align: 'end',
    hideBelow: 'sm',
    cell: (row) => (
      <span>
        {formatBytes(row.int8Bytes)}{' '}
        {row.sizeRatio !== undefined && (
          <span className="text-faint">{formatShare(row.sizeRatio)}</span>
        )}
      </span>
    ),
  },
  {
    id: 'served',
    title: words.columns.served,
    align: 'end',
    cell: ({ version }) => (
      <span title={version.servedBy.join(', ')}>{version.servedBy.length}</span>
    ),
  },
  {
    id: 'made',
    title: words.columns.made,
    align: 'end',
    hideBelow: 'md',
    cell: ({ version }) => (
      <span className="text-faint">
        <Ago atMs={version.createdAtMs} />
      </span>
    ),
  },
];
