import { setFlagsFromString } from 'node:v8'

/** The first major version of Node.js whose V8 knows the flag; an older one would print a complaint. */
const nodeMajorLeast = 24

/**
 * Lets V8 weigh buffers like any other memory. By default it marks the whole heap each time 64 MB of buffers came and
 * went, which at full intake is ten times a second and a fifth of all processor time (68 instead of 86 us per event).
 * For a process that only serves; called once, before anything else.
 */
export function tuneGarbageCollection(version = process.versions.node): void {
  if (Number.parseInt(version, 10) >= nodeMajorLeast) setFlagsFromString('--external-memory-accounted-in-global-limit')
}

/**
 * For worker threads: what they hold are buffers that come and go by the megabyte. A thread that may take gigabytes lets them
 * lie for as long; this one looks after itself sooner. Far above what is in use at any time.
 */
export const workerLimits = { maxOldGenerationSizeMb: 256 } as const
