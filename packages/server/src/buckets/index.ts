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
