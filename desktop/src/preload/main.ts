// Runs sandboxed before the pages: it hands them two functions and nothing of Electron or Node.
import { contextBridge, ipcRenderer } from 'electron';
import { createBridge } from './bridge.ts';

contextBridge.exposeInMainWorld('edgewiseShell', createBridge(ipcRenderer));
