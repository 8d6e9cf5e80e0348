import { isId } from '../ids.ts';

/** Names between braces in a topic template, as a union of strings. */
export type ParamNames<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

/** Values for the braces of a topic template. */
export type TopicParams<T extends string> = Readonly<Record<ParamNames<T>, string>>;

/** Fills a template. `+` stands for any value where a filter is wanted. */
export function formatTopic<T extends string>(template: T, params: TopicParams<T>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = (params as Readonly<Record<string, string>>)[name];
    if (value === undefined || !isLevel(value)) {
      throw new RangeError(`"${value}" cannot be the {${name}} of ${template}.`);
    }
    return value;
  });
}

/** Reads the values of a topic back; `undefined` when it is not of this template. */
export function parseTopic<T extends string>(
  template: T,
  topic: string,
): TopicParams<T> | undefined {
  const levels = topic.split('/');
  const names = template.split('/');
  if (levels.length !== names.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const level = levels[index] ?? '';
    if (!name.startsWith('{')) {
      if (name !== level) return undefined;
    } else if (level === '' || level === '+' || !isLevel(level)) {
      return undefined;
    } else {
      params[name.slice(1, -1)] = level;
    }
  }
  return params as TopicParams<T>;
}

const digestOrId = /^[0-9a-f]{64}$/;

/** Ids, digests, part numbers, or `+` in a filter. */
function isLevel(value: string): boolean {
  return value === '+' || isId(value) || digestOrId.test(value);
}
