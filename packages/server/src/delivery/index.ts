export {
  createContentBuilder,
  createInPlaceContentBuilder,
  type ContentBuilder,
  type ContentRequest,
  type FileContent,
  type LogContent,
} from './content-builder.ts'
export { openDelivery, type Delivery, type DeliveryOptions } from './delivery.ts'
export { type ContentLimits } from './content-limits.ts'
export type { DeliveryEvents } from './delivery-events.ts'
export { defaultDeliveryLimits, type DeliveryLimits } from './delivery-limits.ts'
export type { DeliveryReader, DeliveryStatus } from './delivery-status.ts'
export { ledgersPrefix, type LaneDocument, type LedgerEntry, type Plan, type PlannedFile } from './lane-document.ts'
export type { Abandoned } from './lane.ts'
export { createMemorySpool, openDirectorySpool, type DeliverySpool } from './spool.ts'
export { abandonedCall } from './abandoned-call.ts'
export { createHousekeeping } from './housekeeping.ts'
export { findInLedger } from './find-in-ledger.ts'
export { readLedger, readLedgerPage } from './read-ledger.ts'
export { readSelected } from './selected-entries.ts'
export { encryptedUnder } from './put-file.ts'
