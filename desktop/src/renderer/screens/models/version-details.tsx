import type { VariantScheme } from '@edgewise/protocol/http';
import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatAccuracy, formatBytes, formatPoints, shortDigest } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { RollOut } from './actions.tsx';
import { type ChainLink, chainOf, differenceOf, type VersionRow } from './model.ts';

const words = text.models.details;

/** One version: where it comes from, what the gate said, and its build for each device class. */
export function VersionDetails({ row }: { readonly row: VersionRow }) {
  const { version } = row;
  return (
    <Panel
      title={text.modelVersion(version.model, version.version)}
      aside={<RollOut model={version.model} version={version.version} />}
      className="self-start"
    >
      <div className="border-b px-3 py-2.5">
        <h3 className="mb-1.5 text-[12px] text-faint">{words.lineage}</h3>
        <Chain row={row} />
      </div>
      <div className="border-b px-3 py-2.5">
        <h3 className="mb-1.5 text-[12px] text-faint">{words.gate}</h3>
        <ul className="flex flex-col gap-1">
          {version.gate.checks.map((check) => (
            <li key={check.name} className="grid grid-cols-[96px_minmax(0,1fr)] gap-2">
              <StateBadge level={check.ok ? 'well' : 'act'} word={check.name} />
              <span className="text-soft">{check.sentence}</span>
            </li>
          ))}
        </ul>
      </div>
      <div className="overflow-x-auto">
        <table className="w-full" aria-label={words.variants}>
          <thead>
            <tr className="h-8 text-left text-[12px] text-soft">
              <th className="px-3 font-medium">{words.columns.class}</th>
              <th className="px-3 text-right font-medium">{words.columns.accuracy}</th>
              <th className="px-3 text-right font-medium">{words.columns.graph}</th>
              <th className="px-3 text-right font-medium">{words.columns.bundle}</th>
              <th className="px-3 text-right font-medium max-sm:hidden">
                {words.columns.manifest}
              </th>
            </tr>
          </thead>
          <tbody>
            <Variant
              name={words.fp32}
              accuracy={row.fp32Accuracy}
              graph={version.fp32.graphBytes ?? undefined}
              digest={version.fp32.digest}
            />
            {version.variants.map((variant) => (
              <Variant
                key={variant.deviceClass}
                name={text.deviceClasses[variant.deviceClass]}
                scheme={variant.scheme ?? undefined}
                reason={variant.reason ?? undefined}
                accuracy={variant.accuracy ?? undefined}
                difference={differenceOf(variant.accuracy, version.fp32.accuracy)}
                graph={variant.graphBytes}
                bundle={variant.bundleBytes}
                digest={variant.bundle.manifest}
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

interface VariantProps {
  readonly name: string;
  readonly scheme?: VariantScheme | undefined;
  readonly reason?: string | undefined;
  readonly accuracy: number | undefined;
  readonly difference?: number | undefined;
  readonly graph: number | undefined;
  readonly bundle?: number;
  readonly digest: string;
}

function Variant(props: VariantProps) {
  const { name, scheme, reason, accuracy, difference, graph, bundle, digest } = props;
  return (
    <tr className="h-8 border-t whitespace-nowrap">
      <td className="px-3 py-1" title={reason}>
        {name}
        {scheme && (
          <span className="block text-[12px] text-faint">{text.models.schemes[scheme]}</span>
        )}
      </td>
      <td className="px-3 text-right">
        {formatAccuracy(accuracy)}{' '}
        {difference !== undefined && <span className="text-faint">{formatPoints(difference)}</span>}
      </td>
      <td className="px-3 text-right">{formatBytes(graph)}</td>
      <td className="px-3 text-right">{formatBytes(bundle)}</td>
      <td className="px-3 text-right max-sm:hidden">
        <code className="font-mono text-[12px] text-faint" title={digest}>
          {shortDigest(digest)}
        </code>
      </td>
    </tr>
  );
}

function Chain({ row }: { readonly row: VersionRow }) {
  return (
    <ol className="flex flex-wrap items-center gap-y-1.5">
      {chainOf(row.version).map((link, index) => (
        <Fragment key={link.kind}>
          {index > 0 && (
            <li aria-hidden>
              <ChevronRight size={14} className="text-faint" />
            </li>
          )}
          <li
            className={`flex flex-col rounded-md border px-2 py-0.5 leading-4 ${link.kind === 'version' ? 'bg-selected' : ''}`}
          >
            <span className="text-[11px] text-faint">{words.chain[link.kind]}</span>
            <Opens link={link} model={row.version.model}>
              {linkText(link)}
            </Opens>
          </li>
        </Fragment>
      ))}
    </ol>
  );
}

function linkText({ kind, value }: ChainLink): ReactNode {
  if (kind !== 'snapshot' && kind !== 'recipe') return value;
  return (
    <code className="font-mono text-[12px]" title={value}>
      {shortDigest(value)}
    </code>
  );
}

interface OpensProps {
  readonly link: ChainLink;
  readonly model: string;
  readonly children: ReactNode;
}

function Opens({ link: { opens }, model, children }: OpensProps) {
  const look = 'underline decoration-line-strong underline-offset-2 hover:decoration-ink';
  if (opens === undefined) return <span>{children}</span>;
  if (opens === 'fleet')
    return (
      <Link to="/fleet" search={{ q: model }} className={look}>
        {children}
      </Link>
    );
  return (
    <Link to="/models" search={(old) => ({ ...old, model, ...opens })} className={look}>
      {children}
    </Link>
  );
}
