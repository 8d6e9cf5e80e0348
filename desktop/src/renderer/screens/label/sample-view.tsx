import type { FieldSample } from '@edgewise/protocol/http';
import { useEffect, useState } from 'react';
import { useAsk } from '../../api/api-context.tsx';
import { Answer } from '../../components/answer.tsx';
import { shortDigest } from '../../text/format.ts';
import { text } from '../../text/text.ts';
import { numbersOf, shapeOf } from './model.ts';

interface SampleViewProps {
  readonly sample: FieldSample;
  /** Pixels of each side. */
  readonly size: number;
}

/** A sample as what it is. */
export function SampleView({ sample, size }: SampleViewProps) {
  const kind = shapeOf(sample.dims);
  const content = useAsk('sampleContent', {
    params: { sample: sample.sample },
    query: { as: kind === 'picture' ? 'png' : 'raw' },
  });
  return (
    <div
      style={{ width: size, height: size }}
      className="grid shrink-0 place-items-center overflow-hidden rounded-md border bg-page"
    >
      <Answer of={content} height={size - 4}>
        {(bytes) =>
          kind === 'picture' ? (
            <Picture bytes={bytes} name={text.label.picture(shortDigest(sample.sample))} />
          ) : (
            <Bars values={numbersOf(bytes, sample.dtype)} size={size} />
          )
        }
      </Answer>
    </div>
  );
}

function Picture({ bytes, name }: { readonly bytes: Uint8Array; readonly name: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(
      new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/png' }),
    );
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return url ? (
    <img src={url} alt={name} className="size-full object-contain [image-rendering:pixelated]" />
  ) : null;
}

function Bars({ values, size }: { readonly values: readonly number[]; readonly size: number }) {
  const top = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  const step = size / Math.max(1, values.length);
  return (
    <svg role="img" aria-label={text.label.sample} width={size} height={size}>
      {values.map((value, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place.
          key={index}
          x={index * step}
          y={value >= 0 ? size / 2 - (value / top) * (size / 2 - 4) : size / 2}
          width={Math.max(0.5, step - 0.5)}
          height={(Math.abs(value) / top) * (size / 2 - 4)}
          fill="var(--chart-1)"
        />
      ))}
    </svg>
  );
}
