import { importAnswerSchema, importErrorSchema } from './answer-schemas.ts'
import type { DescribedCall } from './operation.ts'
import { optionalText } from './parameters.ts'

const name = { charsMax: 64 }

/** `POST /api/v1/import`, whose route is the intake's: its body is not one of JSON. */
export const importDescription = {
  method: 'POST',
  path: '/api/v1/import',
  eventName: 'ImportEvents',
  brief: 'Takes in the records of a log file, of any age, for history only',
  details:
    'For administrators; `readOnly` is false, the category is Data. `{"Records":[...]}`, a list, or one record a line; plain, or gzip with `Content-Encoding`. What is there already is counted and not stored again; the first 100 refusals are told. A file that breaks off is answered with `InvalidBodyException` and the counts of what was taken: the same again does the rest.',
  parameters: {
    file: optionalText('Name of the file, for the record of the call', { charsMax: 1_100 }),
    account: optionalText('Account of records that name none. Absent: the own one', name),
    region: optionalText('Region of records that name none. Absent: the called one', name),
  },
  file: ['application/x-ndjson', 'application/json'],
  answer: { json: importAnswerSchema },
  error: importErrorSchema,
  errors: ['InvalidBodyException', 'UnknownAccount', 'UnknownRegion', 'ThrottlingException'],
} as const satisfies DescribedCall
