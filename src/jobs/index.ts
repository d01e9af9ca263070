export type { Job, JobControl, JobHandler, JobOptions } from "./definition";
export { job } from "./definition";
export type { EnqueueOptions } from "./find-jobs";
export { Jobs } from "./jobs";
export type { JobsOptions } from "./jobs-options";
export { type JobInfo, type JobState, PermanentError } from "./message";
export { type ScheduleDecorator, type ScheduleOptions, schedule } from "./schedule";
export type { RunningWorker, WorkOptions } from "./worker";
