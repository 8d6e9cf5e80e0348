export {
  convertTfjs,
  notesKey,
  summarizeTfjs,
  type TfjsSummary,
  weightPaths,
} from './convert.ts';
