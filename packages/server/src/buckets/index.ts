export {
  BucketError,
  type BucketCaller,
  type BucketStore,
  type ListedObject,
  type NewObject,
  type ObjectAttributes,
  type ObjectHead,
} from './bucket-store.ts'
