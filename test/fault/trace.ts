const isTracing = process.env['FAULT_TRACE'] !== undefined

/** Tells on stderr what happens in a schedule, for whoever repeats a seed. Silent unless FAULT_TRACE is set. */
export function trace(what: string, details?: unknown): void {
  if (!isTracing) return
  const text = details instanceof Error ? details.stack : JSON.stringify(details)
  process.stderr.write(`${what} ${text ?? ''}\n`)
}
