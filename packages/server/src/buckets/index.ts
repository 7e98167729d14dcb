export {
  BucketError,
  type BucketCaller,
  type BucketStore,
  type ListedObject,
  type NewObject,
  type ObjectAttributes,
  type ObjectHead,
} from './bucket-store.ts'
export type { CheckDestination, Destination, DestinationFault } from './destination.ts'
export { createBucketRouter, type BucketRoute, type BucketRouter } from './bucket-router.ts'
export { createCheckDestination } from './check-destination.ts'
export { destinationOf, guardDeliveries, policyLetsDeliver } from './delivery-permission.ts'
