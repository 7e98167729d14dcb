import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createFindingList } from './finding-list.ts'
import { reportHtml } from './report-html.ts'
import { verificationDocument } from './verification-document.ts'

const hostile = `"><script>alert('x')</script>\u202egz.exe`

function report(): string {
  const findings = createFindingList()
  const subject = { bucket: hostile, key: hostile }
  const data = { s3Object: hostile }
  findings.add([{ kind: 'object-unknown', severity: 'notice', subject, message: 'What.', data }], () => false)
  const none = { valid: 0, invalid: 0 }
  return reportHtml(
    verificationDocument(
      {
        version: '1.0.0',
        verifiedAt: 0,
        trail: {
          arn: hostile,
          bucket: hostile,
          keyPrefix: hostile,
          chain: {
            account: '111122223333',
            trailName: 'audit',
            homeRegion: 'eu-west-1',
            sourceRegion: 'eu-west-1',
          } as never,
        },
        range: { from: 0, to: 0 },
        source: hostile,
        keySource: hostile,
        notKnown: [hostile],
      },
      {
        findings,
        counts: { digests: none, backfillDigests: none, logFiles: none },
        objectsListed: 0,
        unsignedCopies: { digests: 0, logFiles: 0 },
        keys: new Map([
          [hostile, { fingerprint: hostile, validityStart: 0, validityEnd: 0, key: undefined, isNamedRightly: false }],
        ]),
        checkpoint: { bucket: hostile, key: hostile, sha256: hostile },
      },
    ),
  )
}

describe('evidence report', () => {
  test('nothing that came from outside is markup, or hides itself', () => {
    const html = report()
    assert.doesNotMatch(html, /<script|\u202e|'x'/)
    assert.match(html, /&quot;&gt;&lt;script&gt;alert\(&#39;x&#39;\)&lt;\/script&gt;<b>U\+202E<\/b>gz\.exe/)
  })

  test('it loads nothing and runs nothing', () => {
    const html = report()
    assert.match(html, /default-src 'none'/)
    assert.doesNotMatch(html, /<(?:link|img|iframe|a|object|form)\b|\bsrc=|\bhref=|@import|url\(/)
  })
})
