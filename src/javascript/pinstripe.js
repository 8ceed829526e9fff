/* pinstripe.js - the public module: what a project's files may import from 'pinstripe'. */
export { BackgroundJob } from 'pinstripe:background_job';
export { ValidationError } from 'pinstripe:database';
export { defer } from 'pinstripe:defer';
export * as inflector from 'pinstripe:native/inflector';
export { Workspace } from 'pinstripe:workspace';
