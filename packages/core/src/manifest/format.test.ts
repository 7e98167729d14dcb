import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { manifestBytes, manifestMetadata, manifestTextToSign } from './index.ts'
import { fileOf, manifestOf, rangeOf } from './manifest.testing.ts'

describe('the format of manifests', () => {
  test('each byte of a part is as the reference says', () => {
    const manifest = manifestOf({
      isFirst: true,
      start: { size: 0, nodes: [] },
      lost: { from: 1, to: 2 },
      ranges: [
        rangeOf(0, 2, { abandoned: { reason: 'expired', count: 1 } }),
        rangeOf(2, 12, { files: [fileOf('one', 0, 1, 5)] }),
      ],
    })
    const hash = 'A'.repeat(43) + '='
    assert.equal(
      Buffer.from(manifestBytes({ ...manifest, end: { ...manifest.end, root: new Uint8Array(32) } })).toString(),
      '{"manifestVersion":1,"awsAccountId":"210000000001","region":"eu-west-1",' +
        '"trailArn":"arn:aws:cloudtrail:eu-west-1:210000000001:trail/main","digestS3Bucket":"audit-logs",' +
        '"digestS3Object":"AWSLogs/210000000001/CloudTrail-Digest/eu-west-1/2026/03/04/digest.json.gz",' +
        `"digestHashValue":"${'cd'.repeat(32)}","publicKeyFingerprint":"${'ef'.repeat(16)}",` +
        '"part":1,"isLast":true,"isFirst":true,"start":{"sequence":0,"nodes":""},' +
        `"end":{"sequence":12,"root":"${hash}","checkpoint":"logs.example/1\\n12\\n"},"lost":{"from":1,"to":2},` +
        '"versions":[{"since":3,"isLogging":true,"homeRegion":"eu-west-1","isMultiRegion":true,' +
        '"includesGlobalServiceEvents":true,"isRecursive":false,"eventSelectors":[{"ReadWriteType":"All",' +
        '"IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}]}],' +
        `"ranges":[{"from":0,"to":2,"files":[],"hidden":"${hash}","abandoned":{"reason":"expired","count":1}},` +
        '{"from":2,"to":12,"files":[{"s3Bucket":"audit-logs",' +
        `"s3Object":"AWSLogs/210000000001/CloudTrail/eu-west-1/one.json.gz","hashValue":"${'ab'.repeat(32)}",` +
        `"count":3,"positions":"AAIDAQ=="}],"hidden":"${hash}"}]}`,
    )
  })

  test('place, content and digest are signed', () => {
    const place = { bucket: 'audit-logs', key: 'AWSLogs/a.json.gz', digestHashValue: 'cd'.repeat(32) }
    assert.equal(
      manifestTextToSign(place, Buffer.from('{}')),
      'OpenTrail-Manifest/1\naudit-logs/AWSLogs/a.json.gz\n' +
        `44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n${'cd'.repeat(32)}`,
    )
    assert.deepEqual(manifestMetadata('ab'), { signature: 'ab', 'signature-algorithm': 'SHA256withRSA' })
  })
})
