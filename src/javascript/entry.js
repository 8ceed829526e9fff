/* entry.js - what the engine calls: load and catalog in the nursery, execute and finish in a
 * worker.
 *
 * A file that cannot be loaded is told in the catalog and hurts no other; only a broken
 * configuration makes load() fail.
 */
import 'pinstripe:builtin_services';
import { BackgroundJob, describeJob } from 'pinstripe:background_job';
import { beginRun, endRun } from 'pinstripe:run';
import { config, loadConfig, nativeConfig } from 'pinstripe:config';
import { Context, paramsFromJson } from 'pinstripe:context';
import { cancel, environment, importFile, projectFiles, refuse } from 'pinstripe:native/engine';
import { keepBrokenModels, migrate, Model, reasonAgainst, tenantPage, tenantZones } from 'pinstripe:database';
import { jobs, migrations, models, services, views } from 'pinstripe:registries';
import { whereBroken } from 'pinstripe:registry';
import { defineProjectService, Service } from 'pinstripe:service';
import { renderView, View } from 'pinstripe:view';
import { Workspace } from 'pinstripe:workspace';
import 'pinstripe:warm';

const REGISTRIES = { background_jobs: jobs, services, models, migrations, views };

/* configFile: { path, url, problem }, undefined when there is none; the others are such objects
 * with registry and key, too. `problem` says why a file cannot be used. Jobs in C are compiled as
 * the configuration says, so it is evaluated first. */
export async function load(configFile){
    await loadConfigFile(configFile);
    for(const file of projectFiles(JSON.stringify(nativeConfig()))){
        const registry = REGISTRIES[file.registry];
        try {
            if(file.problem) throw new Error(file.problem);
            if(file.native !== null){
                registry.add(file, nativeDefinition(JSON.parse(file.native)));
                continue;
            }
            const module = await importFile(file.url);
            if(!isHelper(module)) registry.add(file, definitionOf(module));
        } catch(error){
            registry.add(file, undefined, whereBroken(error, file.path));
        }
    }
    jobs.makeClasses(BackgroundJob);
    services.makeClasses(Service);
    models.makeClasses(Model);
    views.makeClasses(View);
    keepBrokenModels(models.entries);
    for(const { name, Class } of services.entries){
        if(Class) defineProjectService(name, Class);
    }
}

async function loadConfigFile(file){
    try {
        if(file?.problem) throw new Error(file.problem);
        await loadConfig(file && (await importFile(file.url)).default);
    } catch(error){
        const { message, line } = whereBroken(error, file?.path);
        const place = line === null ? file.path : `${file.path}:${line}`;
        /* A sentence for a person: where it was thrown is of no interest. */
        throw Object.assign(new Error(`${place}: ${message}`), { name: '', stack: '' });
    }
}

/* A job in C says as data what meta() says in JavaScript; both go the same way from here. Its
 * run() is in its object, in a process of its own. */
function nativeDefinition({ meta, multiTenant, tenantsFilter }){
    const definition = {
        meta(){
            for(const [verb, ...args] of meta){
                if(typeof this[verb] != 'function') throw new Error(`A job knows no declaration "${verb}".`);
                this[verb](...args);
            }
        },
        run(){
            throw new Error('A job in C runs in a process of its own: call it with runBackgroundJob().');
        },
    };
    if(multiTenant !== undefined) definition.multiTenant = multiTenant;
    if(tenantsFilter !== undefined) definition.tenantsFilter = tenants => tenants.where(tenantsFilter);
    return definition;
}

/* A file that only exports things by name is there for the others to import. */
function isHelper(module){
    if('default' in module) return false;
    const names = Object.keys(module);
    return names.length > 0 && !names.includes('run');
}

function definitionOf({ default: definition }){
    if(definition === undefined || definition === null){
        throw new Error('The file has no default export.');
    }
    if(typeof definition != 'object' && typeof definition != 'function'){
        throw new Error('The default export is no object.');
    }
    return definition;
}

/* As catalog.md beside this file says, as text: a project may have thousands of jobs. */
export function catalog(){
    const rest = JSON.stringify({
        environment,
        config,
        services: services.names.sort(),
        migrations: migrations.names,
        views: views.names.sort(),
        problems: [services, models, migrations, views].flatMap(({ problems }) => problems),
    });
    return `${rest.slice(0, -1)},"jobs":[${jobs.sorted.map(describeJob).join()}]}`;
}

const KINDS = { job: runJob, service: callService, tenants: listTenants, zones: listZones, migrate, view: renderView, repl: startRepl };

/* A promise that settles when run() has, or what it would settle with. Written without async
 * functions, and without a promise where there is none: an empty run is to cost next to nothing. */
export function execute(task){
    const { params, tenant } = task;
    const root = new Context(undefined, tenant?.id);
    beginRun(root);
    try {
        if(params !== undefined && task.kind != 'view') root.makeParamsLater(() => paramsFromJson(JSON.parse(params), tenant?.id, config.multiTenant), () => params);
        return KINDS[task.kind](task, root);
    } catch(error){
        return Promise.reject(error);
    }
}

/* What run() gives may have to be awaited, but is dropped. A job sees a fork of its workspace's root. */
function runJob({ name, args, check, tenant }, root){
    const Class = jobOf(name);
    const job = new Class(root.fork());
    if(check) return checkTenant(Class, tenant).then(() => Class.runMethod.apply(job, args));
    const value = Class.runMethod.apply(job, args);
    return typeof value == 'object' || typeof value == 'function' ? Promise.resolve(value) : undefined;
}

/* A run may have waited long in the queue: its tenant may be gone, or no longer one for this job. */
async function checkTenant(Class, tenant){
    const reason = await reasonAgainst(Class, tenant.id);
    if(reason === undefined) return;
    cancel();
    throw new Error(reason);
}

/* The executor asks only for what the catalog finds whole; anything else has not started. */
function jobOf(name){
    const entry = jobs.get(name);
    if(entry && !entry.broken) return entry.Class;
    refuse();
    return BackgroundJob.for(name);
}

function callService({ name, args }, root){
    const workspace = new Workspace(root);
    return Promise.resolve(workspace[name](...args));
}

/* Its modules are loaded by the worker that needs them: no other run pays for them. */
async function startRepl({ args }, root){
    const { startRepl: start } = await import('pinstripe:repl');
    return start(root, ...args);
}

function listTenants(task){
    return tenantPage(task, jobOf(task.name).tenantsFilter);
}

function listZones(){
    return tenantZones();
}

/* After execute has settled, child runs have ended and timers were dropped. A promise, or nothing
 * when there is nothing to destroy. */
export const finish = endRun;

Object.assign(globalThis, { BackgroundJob, Workspace });
