export type { DeliveryReader, DeliveryStatus } from './delivery-status.ts'
