/* builtin_services.js - the services that pinstripe itself brings; a project's own may replace
 * them. */
import { bot } from 'pinstripe:bot';
import { callJob } from 'pinstripe:background_job';
import { config } from 'pinstripe:config';
import { createDatabase } from 'pinstripe:database';
import { defer } from 'pinstripe:defer';
import { defineService } from 'pinstripe:service';
import * as inflector from 'pinstripe:native/inflector';
import { environment, root } from 'pinstripe:native/engine';
import { runInNewWorkspace, workspaceOf } from 'pinstripe:workspace';

const project = { name: root.slice(root.lastIndexOf('/') + 1), rootPath: root };

const services = {
    bot: () => bot,
    config: () => config,
    database: createDatabase,
    defer: () => defer,
    environment: () => environment,
    inflector: () => inflector,
    initialParams: context => context.root.params,
    params: context => context.params,
    project: () => project,
    runBackgroundJob: context => (name, ...args) => callJob(context, name, args, false),
    runInNewWorkspace: context => fn => runInNewWorkspace(context, fn),
    workspace: context => workspaceOf(context),
};

for(const [name, create] of Object.entries(services)) defineService(name, create);
