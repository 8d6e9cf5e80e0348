import type { Alarm } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { HistogramLegend } from '../../charts/histogram.tsx';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { text } from '../../text/text.ts';
import { Finding } from './finding.tsx';
import { findingOrder } from './model.ts';

const route = getRouteApi('/frame/drift');
const words = text.driftScreen;
/** Findings in sight before one asks for all: two rows of three. */
const few = 6;

/** What changed, the strongest evidence first. */
export function Findings({ alarm }: { readonly alarm: Alarm }) {
  const all = route.useSearch().findings === 'all';
  const navigate = route.useNavigate();
  const ordered = findingOrder(alarm.findings);
  const shown = all ? ordered : ordered.slice(0, few);
  const toggle = () =>
    void navigate({
      search: (old) => ({ ...old, findings: all ? undefined : 'all' }),
      replace: true,
    });
  return (
    <Panel title={words.findings} aside={<HistogramLegend />}>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(260px,1fr))] overflow-hidden">
        {shown.map((finding) => (
          <Finding
            key={`${finding.device}-${finding.feature}-${finding.pattern}`}
            finding={finding}
          />
        ))}
      </ul>
      {ordered.length > few && (
        <div className="border-t p-2 text-center">
          <Button look="quiet" aria-expanded={all} onClick={toggle}>
            {all ? words.fewFindings(few) : words.allFindings(ordered.length)}
          </Button>
        </div>
      )}
    </Panel>
  );
}
