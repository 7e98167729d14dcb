export { TopicError, type TopicPublisher } from './topic-publisher.ts'
