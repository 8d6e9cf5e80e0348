import { type Channel, channelNames, channels } from '../channels/channels.ts';
import { codeNames, codes } from '../errors/codes.ts';
import { limits, PROTOCOL_VERSION } from '../limits.ts';

/** Layouts of the packed bodies, byte by byte: the one place where people of other languages read them. */
export const packedLayouts = [
  {
    name: 'window',
    about:
      'Counts of one span. Windows with the same `bins` merge by addition. varint is unsigned LEB128, f32 is IEEE 754 little-endian.',
    fields: [
      ['u8', 'version, 1'],
      ['varint', 'epoch of the outbox'],
      ['varint', 'sequence number'],
      ['8 bytes', 'first bytes of the SHA-256 of the bin edges'],
      ['8 bytes', 'first bytes of the SHA-256 of the reference counts'],
      ['varint', 'start, milliseconds since 1970'],
      ['varint', 'span, milliseconds'],
      ['varint', 'inputs answered in the span'],
      ['varint', 'inputs counted, n'],
      ['varint', 'number of features; then for each feature:'],
      ['24 varints', '20 bins, under, over, NaN, null; their sum is n'],
      [
        '5 f32',
        'sum z, sum z^2, min z, max z, sum z(t) z(t+1); z is the value standardized by the reference',
      ],
      ['varint', 'number of classes'],
      [
        'varint',
        'entries of the class x confidence table; then for each: varint step from the previous cell, varint count; cell = class * 20 + confidence bin',
      ],
      [
        'varint',
        'entries of the latency table; then for each: varint step from the previous bucket, varint count; bucket = floor(4 log2(microseconds))',
      ],
    ],
  },
  {
    name: 'missing',
    about: 'Which parts of a blob (`need`) or of a sample (`want`) are missing.',
    fields: [
      ['u8', 'version, 1'],
      ['32 bytes', 'SHA-256 of the blob or sample'],
      ['varint', 'number of parts'],
      [
        'ceil(parts / 8) bytes',
        'bit i % 8, least significant first, of byte floor(i / 8) is set when part i is missing',
      ],
    ],
  },
  {
    name: 'block',
    about: 'One block of a blob or one part of a sample; its number stands in the topic.',
    fields: [
      ['u8', 'version, 1'],
      ['1 to 32,768 bytes', 'the bytes'],
    ],
  },
] as const;

/** docs/protocol.md, derived from the channel table, the packed layouts, the codes and the limits. */
export function protocolPage(): string {
  return [
    '# Protocol',
    '',
    `Version ${PROTOCOL_VERSION}. Hub and agents speak this version and the one before. This page is generated from the package \`protocol\` by \`npm run docs\`; do not edit it.`,
    '',
    '## Channels',
    '',
    'MQTT 3.1.1. JSON documents carry `v`; unknown fields are ignored. Machine-readable: `asyncapi.json`.',
    '',
    '| channel | topic | from | QoS | retained | body | at most | what |',
    '|---|---|---|---|---|---|---|---|',
    ...channelNames.map(channelRow),
    '',
    '## Packed bodies',
    '',
    ...packedLayouts.flatMap(({ name, about, fields }) => [
      `### ${name}`,
      '',
      about,
      '',
      '| bytes | meaning |',
      '|---|---|',
      ...fields.map(([bytes, meaning]) => `| ${bytes} | ${meaning} |`),
      '',
    ]),
    '## Error codes',
    '',
    '| code | HTTP | retry | sentence |',
    '|---|---|---|---|',
    ...codeNames.map(
      (code) =>
        `| \`${code}\` | ${codes[code].status} | ${codes[code].retry} | ${codes[code].sentence} |`,
    ),
    '',
    '## Limits',
    '',
    '| limit | value |',
    '|---|---|',
    ...Object.entries(limits).map(
      ([name, value]) => `| \`${name}\` | ${value.toLocaleString('en')} |`,
    ),
    '',
  ].join('\n');
}

function channelRow(name: keyof typeof channels): string {
  const { topic, from, qos, retain, durable, signed, body, summary }: Channel = channels[name];
  const kind = signed ? `signed ${signed}` : (body.packed ?? 'JSON');
  const what =
    durable === 'outbox' ? `${summary} Kept by the device until a watermark covers it.` : summary;
  return `| \`${name}\` | \`${topic}\` | ${from} | ${qos} | ${retain ? 'yes' : 'no'} | ${kind} | ${body.maxBytes.toLocaleString('en')} B | ${what} |`;
}
