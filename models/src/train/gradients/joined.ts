import { pooledConvRule } from './pooled-conv.ts';
import type { GradientRule } from './rule.ts';

/** The domain of nodes that stand for several of the standard domain; no file has them. */
export const joinedDomain = 'edgewise.training';

/** The rules of such nodes, by name. */
export const joined: Readonly<Record<string, GradientRule>> = { PooledConv: pooledConvRule };
