export { createRandom, type Random, shuffled } from './random.ts';
