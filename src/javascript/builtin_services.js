/* builtin_services.js - the services that pinstripe itself brings; a project's own may replace
 * them. */
import { bot } from 'pinstripe:bot';
import { callJob, enqueueJob, runInfo } from 'pinstripe:background_job';
import { config } from 'pinstripe:config';
import { createDatabase } from 'pinstripe:database';
import { defer } from 'pinstripe:defer';
import { defineService } from 'pinstripe:service';
import * as inflector from 'pinstripe:native/inflector';
import { environment, progress, root } from 'pinstripe:native/engine';
import { runInNewWorkspace, workspaceOf } from 'pinstripe:workspace';

const project = { name: root.slice(root.lastIndexOf('/') + 1), rootPath: root };

/* How far the run is, for people who watch it: progress(3, 10, 'three of ten'). */
function reportProgress(done, total, text){
    for(const [name, value] of [['done', done], ['total', total]]){
        if(!Number.isFinite(value) || value < 0) throw new TypeError(`progress(done, total, text) needs ${name} to be a number from 0 on; it got ${String(value)}`);
    }
    progress(Math.floor(done), Math.floor(total), text === undefined || text === null ? undefined : String(text).slice(0, 200));
}

const services = {
    bot: () => bot,
    config: () => config,
    database: createDatabase,
    defer: () => defer,
    enqueueBackgroundJob: context => async (target, ...args) => (await enqueueJob(context, target, [args]))[0],
    enqueueBackgroundJobs: context => (target, lists) => enqueueJob(context, target, lists),
    environment: () => environment,
    inflector: () => inflector,
    initialParams: context => context.root.params,
    params: context => context.params,
    progress: () => reportProgress,
    project: () => project,
    run: () => runInfo(),
    runBackgroundJob: context => (name, ...args) => callJob(context, name, args, false),
    runInNewWorkspace: context => fn => runInNewWorkspace(context, fn),
    workspace: context => workspaceOf(context),
};

for(const [name, create] of Object.entries(services)) defineService(name, create);
