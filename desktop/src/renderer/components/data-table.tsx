import {
  createColumnHelper,
  createSortedRowModel,
  FlexRender,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useMemo, useRef } from 'react';
import { text } from '../text/text.ts';
import { parseSort, type Sort, toggleSort } from './sort.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** The unit, shown faintly after the title. */
  readonly unit?: string;
  readonly align?: 'end';
  /** Hidden where the page is narrow: `sm` is 640 px, `md` 768, `lg` 1024, `xl` 1400. */
  readonly hideBelow?: 'sm' | 'md' | 'lg' | 'xl';
  /** What rows are sorted by; without it the column cannot be sorted. */
  readonly sortBy?: (row: Row) => string | number;
  readonly cell: (row: Row) => ReactNode;
  /** A width in CSS units; what is left over goes to columns without one. */
  readonly width?: string;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** From the address: a column id, with a minus for descending. */
  readonly sort?: string | undefined;
  readonly onSort?: (sort: string | undefined) => void;
  readonly selected?: string | undefined;
  readonly onOpen?: (row: Row) => void;
  /** Height of the scrolling part from which on only visible rows are drawn. */
  readonly maxHeight?: number;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic, alphanumeric: sortFn_alphanumeric },
});

const rowHeight = 32;
/** Above this many rows only those in view are drawn. */
const virtualAbove = 60;

const hidden = {
  sm: 'max-sm:hidden',
  md: 'max-md:hidden',
  lg: 'max-lg:hidden',
  xl: 'max-[1400px]:hidden',
} as const;

/** A dense table: 32 px rows, sorting in the address, arrow keys, thousands of rows. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { columns, rows, rowKey, maxHeight = 640 } = props;
  const sort = parseSort(props.sort);
  const table = useTable({
    features,
    columns: useColumnDefs(columns),
    data: rows as Row[],
    getRowId: rowKey,
    state: { sorting: sort ? [{ id: sort.column, desc: sort.descending }] : [] },
    onSortingChange: () => undefined,
  });
  const scroller = useRef<HTMLDivElement>(null);
  const sorted = table.getRowModel().rows;
  const virtual = sorted.length > virtualAbove;
  const virtualizer = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    enabled: virtual,
  });
  const items = virtual ? virtualizer.getVirtualItems() : undefined;
  const shown = items ? items.flatMap((item) => sorted[item.index] ?? []) : sorted;
  const before = items?.[0]?.start ?? 0;
  const after = items ? virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;

  return (
    <div ref={scroller} className="overflow-auto" style={virtual ? { maxHeight } : undefined}>
      <table className="w-full border-separate border-spacing-0" aria-label={props.label}>
        <thead className="sticky top-0 z-10 bg-surface">
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} sort={sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={moveFocus}>
          {before > 0 && <Spacer height={before} />}
          {shown.map((row) => (
            <tr
              key={row.id}
              data-key={row.id}
              className={`group h-8 ${props.onOpen ? 'cursor-pointer hover:bg-hover' : ''} ${props.selected === row.id ? 'bg-selected' : ''}`}
              aria-selected={props.selected === undefined ? undefined : props.selected === row.id}
              tabIndex={props.onOpen ? 0 : undefined}
              onClick={props.onOpen && (() => props.onOpen?.(row.original))}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && event.target === event.currentTarget)
                  props.onOpen?.(row.original);
              }}
            >
              {row.getAllCells().map((cell, index) => (
                <td
                  key={cell.id}
                  className={`h-8 border-b px-2.5 sm:px-3 whitespace-nowrap group-last:border-b-0 ${place(columns[index])}`}
                >
                  <FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
          {after > 0 && <Spacer height={after} />}
        </tbody>
      </table>
    </div>
  );
}

function useColumnDefs<Row extends object>(columns: readonly Column<Row>[]) {
  return useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return columns.map((column) =>
      helper.accessor((row: Row): unknown => column.sortBy?.(row) ?? '', {
        id: column.id,
        header: column.title,
        enableSorting: column.sortBy !== undefined,
        sortFn: 'basic',
        cell: ({ row }) => column.cell(row.original),
      }),
    );
  }, [columns]);
}

interface HeaderCellProps<Row> {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: string | undefined) => void) | undefined;
}

function HeaderCell<Row>({ column, sort, onSort }: HeaderCellProps<Row>) {
  const sorted = sort?.column === column.id ? sort : undefined;
  const direction = sorted?.descending ? 'descending' : 'ascending';
  const title = (
    <>
      {column.title}
      {column.unit && <span className="font-normal text-faint">{column.unit}</span>}
    </>
  );
  return (
    <th
      scope="col"
      style={column.width ? { width: column.width } : undefined}
      aria-sort={sorted ? direction : undefined}
      className={`h-8 border-b px-2.5 sm:px-3 text-left text-[12px] font-medium whitespace-nowrap text-soft ${place(column)}`}
    >
      {column.sortBy && onSort ? (
        <button
          type="button"
          className="inline-flex items-center gap-1 hover:text-ink"
          title={text.sortBy(column.title)}
          onClick={() => onSort(toggleSort(sort, column.id))}
        >
          {title}
          {sorted &&
            (sorted.descending ? (
              <ArrowDown size={12} aria-hidden />
            ) : (
              <ArrowUp size={12} aria-hidden />
            ))}
        </button>
      ) : (
        <span className="inline-flex gap-1">{title}</span>
      )}
    </th>
  );
}

function Spacer({ height }: { readonly height: number }) {
  return (
    <tr aria-hidden>
      <td style={{ height }} />
    </tr>
  );
}

function place<Row>(column: Column<Row> | undefined): string {
  const end = column?.align === 'end' ? 'text-right' : '';
  return `${end} ${column?.hideBelow ? hidden[column.hideBelow] : ''}`;
}

/** Arrow keys go from row to row. */
function moveFocus(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const row = (event.target as HTMLElement).closest('tr');
  const next =
    event.key === 'ArrowDown'
      ? row?.nextElementSibling
      : event.key === 'ArrowUp'
        ? row?.previousElementSibling
        : undefined;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
