const isTracing = process.env['OPENTRAIL_FAULT_TRACE'] !== undefined

/** Tells on stderr what happens in a schedule, for whoever repeats a seed. Silent unless OPENTRAIL_FAULT_TRACE is set. */
export function trace(what: string, details?: unknown): void {
  if (!isTracing) return
  const text = details instanceof Error ? details.stack : JSON.stringify(details)
  process.stderr.write(`${what} ${text ?? ''}\n`)
}
