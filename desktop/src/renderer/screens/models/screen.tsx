import type { ModelInfo } from '@edgewise/protocol/http';
import { getRouteApi } from '@tanstack/react-router';
import { useAsk } from '../../api/api-context.tsx';
import { Answer, Empty } from '../../components/answer.tsx';
import { Choice } from '../../components/choice.tsx';
import { CopyCommand } from '../../components/copy-command.tsx';
import { Figures } from '../../components/figures.tsx';
import { formatAccuracy, formatBytes, formatPoints, formatShare, none } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { AccuracyAgainstSize } from './accuracy-against-size.tsx';
import { RollBack, TrainVersion } from './actions.tsx';
import { headlineRow, type VersionRow, versionRows } from './model.ts';
import { ParityPanel } from './parity.tsx';
import { Rollouts } from './rollouts.tsx';
import { Runs } from './runs.tsx';
import { Sweeps } from './sweeps.tsx';
import { VersionDetails } from './version-details.tsx';
import { Versions } from './versions.tsx';

const route = getRouteApi('/frame/models');
const words = text.models;

/** What do we run, and is it good? */
export function ModelsScreen() {
  const models = useAsk('listModels', {});
  return (
    <Answer of={models} height={640}>
      {(list) => {
        const [first] = list;
        return first ? <KnownModels models={list} first={first} /> : <NoModels />;
      }}
    </Answer>
  );
}

function NoModels() {
  return (
    <div className="flex flex-col gap-4">
      <h1>{words.title}</h1>
      <div className="rounded-md border bg-surface">
        <Empty title={words.empty}>
          <p>{words.emptyHint}</p>
          <CopyCommand command={words.emptyCommand} />
        </Empty>
      </div>
    </div>
  );
}

interface KnownModelsProps {
  readonly models: readonly ModelInfo[];
  readonly first: ModelInfo;
}

function KnownModels({ models, first }: KnownModelsProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const model = models.find((each) => each.id === search.model) ?? first;
  const versions = useAsk('listVersions', { params: { model: model.id } });
  const rows = versionRows(versions.data ?? []);
  const selected = rows.find((row) => row.version.version === search.version) ?? headlineRow(rows);
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-2">
        <h1 className="mr-2">{models.length === 1 ? model.id : words.title}</h1>
        {models.length > 1 && (
          <Choice
            label={words.title}
            value={model.id}
            options={models.map(({ id }) => ({ value: id, name: id }))}
            onChoose={(id) => void navigate({ search: { model: id } })}
          />
        )}
        <div className="ml-auto flex gap-2">
          <RollBack model={model.id} />
          <TrainVersion model={model.id} />
        </div>
      </header>
      <Headline model={model} row={headlineRow(rows)} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Versions
            answer={versions}
            rows={rows}
            selected={selected}
            onSelect={(version) =>
              void navigate({ search: (old) => ({ ...old, model: model.id, version }) })
            }
          />
          <AccuracyAgainstSize rows={rows} selected={selected?.version.version} />
          {selected && <ParityPanel model={model.id} version={selected.version.version} />}
        </div>
        {selected && <VersionDetails key={selected.version.version} row={selected} />}
      </div>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Runs model={model.id} selected={search.run ?? undefined} />
          <Sweeps model={model} />
        </div>
        <Rollouts model={model.id} />
      </div>
    </div>
  );
}

function Headline({
  model,
  row,
}: {
  readonly model: ModelInfo;
  readonly row: VersionRow | undefined;
}) {
  const figures = words.figures;
  return (
    <Figures
      figures={[
        {
          label: figures.latest,
          value: row ? String(row.version.version) : none,
          note: model.classes.length > 0 ? figures.classes(model.classes.length) : undefined,
          source: figures.sourceVersion,
        },
        {
          label: figures.fp32,
          value: formatAccuracy(row?.fp32Accuracy),
          source: figures.sourceAccuracy,
        },
        {
          label: figures.int8,
          value: formatAccuracy(row?.int8Accuracy),
          note: row && figures.points(formatPoints(row.difference)),
          source: figures.sourceInt8,
        },
        {
          label: figures.size,
          value: formatBytes(row?.int8Bytes),
          note: row && figures.ofFp32(formatShare(row.sizeRatio)),
          source: figures.sourceSize,
        },
        {
          label: figures.served,
          value: row ? String(row.version.servedBy.length) : none,
          unit: row && figures.devices(row.version.servedBy.length),
          href: '#/fleet',
          source: figures.sourceServed,
        },
      ]}
    />
  );
}
