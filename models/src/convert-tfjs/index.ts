export { convertTfjs, notesKey, weightPaths } from './convert.ts';
