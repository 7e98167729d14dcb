import { extname } from 'node:path'
import type { Configuration } from '../config/index.ts'

/** What `start` needs of a started server. */
export interface RunningServer {
  readonly endpoint: string
  close(): Promise<void>
}

interface ServerModule {
  startServer(configuration: Configuration): Promise<RunningServer>
}

/** The composition root, loaded only by `start`: it brings the engine and every driver with it. */
export const loadServer = async (): Promise<ServerModule> =>
  (await import(new URL(`../main${extname(import.meta.url)}`, import.meta.url).href)) as ServerModule
