import type { NotedFinding } from './finding-list.ts'
import type { VerificationDocument } from './verification-document.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Every text goes through here: names in a bucket are whatever somebody has put there. */
export const escapeHtml = (text: unknown): string =>
  String(text)
    .replace(/[&<>"']/g, (character) => entities[character]!)
    // Characters that turn the direction of reading, or are not seen, could make a name look like another.
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => {
      return `<b>U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}</b>`
    })

const headline: Readonly<Record<VerificationDocument['outcome'], string>> = {
  valid: 'Valid: what was checked is as it was delivered',
  invalid: 'Invalid: the proof does not hold',
  incomplete: 'Incomplete: some objects could not be read',
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}th,td{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#f3f3f3}code{font:.85em ui-monospace,monospace}.outcome{padding:.8rem 1rem;border-left:.5rem solid;font-weight:600}
.valid{border-color:#197a3b;background:#eaf6ee}.invalid{border-color:#b3261e;background:#fbebea}.incomplete{border-color:#8a6100;background:#fdf4e0}`

/** One page that shows everything by itself: no scripts, nothing loaded from anywhere. */
export function reportHtml(document: VerificationDocument): string {
  const { trail, requested, found, keys, counts, findings } = document
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Verification of ${escapeHtml(trail.arn)}</title>
<style>${style}</style>
</head>
<body>
<h1>Verification of a trail's log files</h1>
<p class="outcome ${document.outcome}">${headline[document.outcome]}</p>
<h2>What was checked</h2>
${pairs([
  ['Trail', trail.arn],
  ['Account and Region of the log files', `${trail.account}, ${trail.region}`],
  ['Bucket', `s3://${trail.bucket}/${trail.prefix ?? ''}`],
  ['Read from', document.source],
  ['Requested', `${requested.from} to ${requested.to}`],
  ['Covered by valid digests', found ? `${found.from} to ${found.to}` : 'nothing'],
  ['Verified at', document.verifiedAt],
  ['Verified by', `${document.tool.name} ${document.tool.version}`],
])}
<h2>Counts</h2>
${table(
  ['', 'Valid', 'Invalid'],
  [
    ['Digests', counts.digests.valid, counts.digests.invalid],
    ['Backfill digests', counts.backfillDigests.valid, counts.backfillDigests.invalid],
    ['Log files', counts.logFiles.valid, counts.logFiles.invalid],
  ],
)}
<p>${counts.objectsListed} objects in the folder of the log files were compared with what the digests list.</p>
<h2>Public keys</h2>
<p>From ${escapeHtml(keys.source)}</p>
${table(
  ['Fingerprint', 'Valid from', 'Valid to'],
  keys.known.map(({ fingerprint, validFrom, validTo }) => [fingerprint, validFrom, validTo]),
)}
<h2>Findings</h2>
${findings.length === 0 ? '<p>None.</p>' : table(['Severity', 'Kind', 'Object', 'What'], findings.map(findingRow))}
${document.findingsLeftOut > 0 ? `<p>${document.findingsLeftOut} more are left out.</p>` : ''}
<h2>What this verification cannot tell</h2>
${document.notKnown.length === 0 ? '<p>Nothing in particular.</p>' : `<ul>${document.notKnown.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`}
<h2>Checkpoint</h2>
${document.checkpoint ? pairs(Object.entries(document.checkpoint)) : '<p>No digest to keep.</p>'}
</body>
</html>
`
}

const findingRow = ({ severity, kind, subject, message, data }: NotedFinding): unknown[] => [
  severity,
  kind,
  `s3://${subject.bucket}/${subject.key}`,
  `${message} ${Object.keys(data).length > 0 ? JSON.stringify(data) : ''}`,
]

const row = (tag: 'td' | 'th', cells: readonly unknown[]): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
const table = (headings: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `<table>${row('th', headings)}${rows.map((cells) => row('td', cells)).join('\n')}</table>`
const pairs = (entries: readonly (readonly [string, unknown])[]): string =>
  `<table>${entries.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('\n')}</table>`
