/** Lets a bounded number of puts go to each bucket at the same time; the others wait in the order in which they came. */
export type PutGate = <T>(bucket: string, put: () => Promise<T>) => Promise<T>

export function createPutGate(putsPerBucketMax: number): PutGate {
  const gates = new Map<string, { running: number; readonly waiting: (() => void)[] }>()
  return async (bucket, put) => {
    const gate = gates.get(bucket) ?? { running: 0, waiting: [] }
    gates.set(bucket, gate)
    // Who is let in takes over the place of the one that leaves.
    if (gate.running >= putsPerBucketMax) await new Promise<void>((enter) => void gate.waiting.push(enter))
    else gate.running++
    try {
      return await put()
    } finally {
      const next = gate.waiting.shift()
      if (next) next()
      else if (--gate.running === 0) gates.delete(bucket)
    }
  }
}
