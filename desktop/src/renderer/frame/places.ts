import { Activity, Boxes, Server, Tags } from 'lucide-react';
import { text } from '../text/text.ts';

/** The screens that one can go to from everywhere, in the order of the rail; `key` follows `g`. */
export const places = [
  { to: '/fleet', key: 'f', icon: Server, name: text.frame.fleet },
  { to: '/drift', key: 'd', icon: Activity, name: text.frame.drift },
  { to: '/models', key: 'm', icon: Boxes, name: text.frame.models },
  { to: '/label', key: 'l', icon: Tags, name: text.frame.label },
] as const;

/** One of them. */
export type Place = (typeof places)[number];
