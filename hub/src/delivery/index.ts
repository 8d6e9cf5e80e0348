export {
  createDistributor,
  type Distributor,
  type DistributorOptions,
  type LaneFigures,
} from './distributor.ts';
