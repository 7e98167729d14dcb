export { leakedKeyId } from './incident.ts'
export { storyRegions, tellStory, type StoryRequest } from './story.ts'
