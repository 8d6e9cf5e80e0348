import { CircleCheck, CircleDashed, OctagonAlert } from 'lucide-react';
import { useAsk } from '../../api/api-context.tsx';
import { Answer } from '../../components/answer.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { shortDigest } from '../../text/format.ts';
import { text } from '../../text/text.ts';

const words = text.device.why;

/** Why it runs what it runs: the chain of digests down to the data. */
export function DeviceLineage({ device }: { readonly device: string }) {
  const why = useAsk('why', { params: { device } });
  return (
    <Panel
      title={words.title}
      aside={
        why.data && (
          <StateBadge
            level={why.data.ok ? 'well' : 'act'}
            word={why.data.ok ? words.holds : words.broken}
          />
        )
      }
    >
      <Answer of={why} height={220}>
        {(lineage) => (
          <ol className="py-1">
            {lineage.links.map((link, index) => (
              <li
                key={`${link.kind}-${link.id}`}
                className="relative grid grid-cols-[20px_84px_minmax(0,1fr)_auto] items-center gap-x-2 px-3 py-1"
              >
                {index > 0 && (
                  <span className="absolute top-0 left-[21px] h-[7px] border-l" aria-hidden />
                )}
                <Verified verified={link.verified} />
                <span className="text-faint">{words.kinds[link.kind]}</span>
                <span className="truncate" title={link.label}>
                  {link.label}
                </span>
                <code className="font-mono text-[12px] text-faint" title={link.id}>
                  {link.id === link.label ? '' : shortDigest(link.id)}
                </code>
              </li>
            ))}
          </ol>
        )}
      </Answer>
    </Panel>
  );
}

function Verified({ verified }: { readonly verified: boolean | null }) {
  if (verified === null)
    return <CircleDashed size={14} className="text-unknown" aria-label={words.unchecked} />;
  return verified ? (
    <CircleCheck size={14} className="text-well" aria-label={words.verified} />
  ) : (
    <OctagonAlert size={14} className="text-act" aria-label={words.mismatch} />
  );
}
