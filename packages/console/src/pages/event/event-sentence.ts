import type { ApiEvent } from '@opentrail/core/api'

/** The event in one sentence: who, what, on what, from where, with which result. */
export function eventSentence(event: ApiEvent): string {
  const { username, accessKeyId, eventName, eventSource, resources, sourceIPAddress, errorCode } = event
  const who = username ?? (accessKeyId === undefined ? 'Somebody' : `The holder of ${accessKeyId}`)
  const service = eventSource.replace(/\.amazonaws\.com$/, '')
  const [first, ...more] = resources.map(({ name }) => name)
  const on = first === undefined ? '' : ` on ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`
  const from = sourceIPAddress === undefined ? '' : `, from ${sourceIPAddress}`
  const did = errorCode === undefined ? 'called' : 'tried to call'
  const result = errorCode === undefined ? '' : `: ${errorCode}`
  return `${who} ${did} ${eventName} of ${service}${on}${from}${result}.`
}
