import { createGate, type Gate } from '../process/index.ts'

/** Lets a bounded number of puts go to each bucket at the same time; the others wait in the order in which they came. */
export type PutGate = <T>(bucket: string, put: () => Promise<T>) => Promise<T>

export function createPutGate(putsPerBucketMax: number): PutGate {
  /** One for each bucket that a trail ever delivered to. */
  const gates = new Map<string, Gate>()
  const never = new AbortController().signal
  return (bucket, put) => {
    const gate = gates.get(bucket) ?? createGate(putsPerBucketMax)
    gates.set(bucket, gate)
    return gate(never, put)
  }
}
