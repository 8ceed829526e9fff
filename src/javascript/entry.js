/* entry.js - what the engine calls: load and catalog in the nursery, execute and finish in a
 * worker.
 *
 * A file that cannot be loaded is told in the catalog and hurts no other; only a broken
 * configuration makes load() fail.
 */
import 'pinstripe:builtin_services';
import { BackgroundJob, describeJob } from 'pinstripe:background_job';
import { beginRun, endRun, jobContext, rootOfRun, viewContext } from 'pinstripe:run';
import { config, loadConfig, nativeConfig } from 'pinstripe:config';
import { paramsFromJson } from 'pinstripe:context';
import { cancel, environment, importFile, projectFiles, refuse } from 'pinstripe:native/engine';
import { keepBrokenModels, migrate, Model, reasonAgainst, tenantPage, tenantZones } from 'pinstripe:database';
import { jobs, migrations, models, services, views } from 'pinstripe:registries';
import { whereBroken } from 'pinstripe:registry';
import { defineProjectService, Service } from 'pinstripe:service';
import { answerOf, indexViews, renderView, View } from 'pinstripe:view';
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
    jobs.makeClasses(BackgroundJob, jobContext);
    services.makeClasses(Service);
    models.makeClasses(Model);
    views.makeClasses(View, viewContext);
    indexViews();
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

/* What a task of each kind does, called with its name, its arguments, what few tasks have
 * ({ tenant, cursor, zone, anyOrder, check }, or nothing), and its parameters as JSON. */
export const kinds = { job: runJob, service: callService, tenants: listTenants, zones: listZones, migrate, view: renderView, repl: startRepl };

/* A promise that settles when run() has, or what it would settle with. Written without async
 * functions, and without a promise where there is none: an empty run is to cost next to nothing.
 * `perform` is of kinds; params: JSON, or nothing. */
export function execute(perform, name, args, params, tenantId, more){
    beginRun(tenantId);
    try {
        if(params !== undefined && perform !== renderView) rootOfRun().makeParamsLater(makeParams, carryParams, params);
        return perform(name, args, more, params);
    } catch(error){
        return Promise.reject(error);
    }
}

function makeParams(params, tenantId){
    return paramsFromJson(JSON.parse(params), tenantId, config.multiTenant);
}

function carryParams(params){
    return params;
}

/* What run() gives may have to be awaited, but is dropped. */
function runJob(name, args, more){
    const { Class, instance } = jobOf(name);
    if(more?.check) return checkTenant(Class, more.tenant).then(() => Class.runMethod.apply(instance, args));
    const value = Class.runMethod.apply(instance, args);
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
    if(entry && !entry.broken) return entry;
    refuse();
    return { Class: BackgroundJob.for(name) }; /* which throws */
}

function callService(name, args){
    const workspace = new Workspace(rootOfRun());
    return Promise.resolve(workspace[name](...args));
}

/* Its modules are loaded by the worker that needs them: no other run pays for them. */
async function startRepl(name, args){
    const { startRepl: start } = await import('pinstripe:repl');
    return start(rootOfRun(), ...args);
}

function listTenants(name, args, more){
    return tenantPage({ name, ...more }, jobOf(name).Class.tenantsFilter);
}

function listZones(){
    return tenantZones();
}

/* What a view gave, once that has settled, as { head, body }: a text, and a text or bytes. */
export const answer = answerOf;

/* After execute has settled, child runs have ended and timers were dropped. A promise, or nothing
 * when there is nothing to destroy. */
export const finish = endRun;

Object.assign(globalThis, { BackgroundJob, Workspace });
