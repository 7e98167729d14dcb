/** The families of log files; each has a folder of its own, and no file mixes two. */
export const logFileKinds = [
  'CloudTrail',
  'CloudTrail-NetworkActivity',
  'CloudTrail-Insight',
  'CloudTrail-Aggregated',
] as const
export type LogFileKind = (typeof logFileKinds)[number]

const kindByCategory: ReadonlyMap<string, LogFileKind> = new Map([
  ['Management', 'CloudTrail'],
  ['Data', 'CloudTrail'],
  ['NetworkActivity', 'CloudTrail-NetworkActivity'],
  ['Insight', 'CloudTrail-Insight'],
  ['Aggregated', 'CloudTrail-Aggregated'],
])

/**
 * The files that events of this category (of the envelope) go to. Undefined: no trail ever delivers them; external events
 * (`ActivityAuditLog`), configuration items and evidence live in event data stores only.
 */
export const logFileKind = (category: string): LogFileKind | undefined => kindByCategory.get(category)
