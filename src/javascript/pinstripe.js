/* pinstripe.js - the public module: what a project's files may import from 'pinstripe'. */
export { BackgroundJob } from 'pinstripe:background_job';
export { defer } from 'pinstripe:defer';
export { Workspace } from 'pinstripe:workspace';
