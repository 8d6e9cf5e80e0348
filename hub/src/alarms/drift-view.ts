import type { DriftSummary } from '@edgewise/protocol/http';

/** Where the drift monitor stands, for whoever shows devices and windows. */
export interface DriftView {
  summary(device: string): Promise<DriftSummary>;
  /** As it was after this window; resolves once the window was tested. */
  ofWindow(device: string, epoch: number, sequence: number): Promise<DriftSummary>;
}
