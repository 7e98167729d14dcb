import type { Envelope, EventResource } from './envelope.ts'

const needsNoEscape = /^[ !#-[\]-~]*$/
const quoted = (text: string): string => (needsNoEscape.test(text) ? `"${text}"` : JSON.stringify(text))

const resourceJson = ({ type, name }: EventResource): string =>
  type === undefined ? `{"name":${quoted(name)}}` : `{"type":${quoted(type)},"name":${quoted(name)}}`

/** What `JSON.stringify` gives for an envelope, in a third of its time: one is written per event. */
export function envelopeJson({ version, configVersion, origin, principal, event, idFromKey }: Envelope): string {
  let json = `{"version":${version},"configVersion":${configVersion},"origin":"${origin}","principal":${quoted(principal)}`
  json += `,"event":{"eventId":${quoted(event.eventId)},"eventTime":${event.eventTime}`
  json += `,"eventSource":${quoted(event.eventSource)},"eventName":${quoted(event.eventName)}`
  json += `,"category":${quoted(event.category)}`
  if (event.readOnly !== undefined) json += `,"readOnly":${event.readOnly}`
  if (event.username !== undefined) json += `,"username":${quoted(event.username)}`
  if (event.accessKeyId !== undefined) json += `,"accessKeyId":${quoted(event.accessKeyId)}`
  json += `,"resources":[${event.resources.map(resourceJson).join(',')}]}`
  return idFromKey ? `${json},"idFromKey":true}` : `${json}}`
}
