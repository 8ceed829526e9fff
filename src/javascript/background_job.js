/* background_job.js - the class of all background jobs: what meta() may declare, and how one run
 * asks for another. */
import { check, checkZone, splitZone } from 'pinstripe:native/cron';
import { call } from 'pinstripe:native/engine';
import { carryArguments } from 'pinstripe:carry';
import { config } from 'pinstripe:config';
import { Context } from 'pinstripe:context';
import { inTransaction } from 'pinstripe:database';
import { jobName } from 'pinstripe:native/inflector';
import { quote } from 'pinstripe:native/registry';
import { parseBytes, parseDuration } from 'pinstripe:units';
import { jobs } from 'pinstripe:registries';
import { metaMethods } from 'pinstripe:registry';
import { ServiceConsumer } from 'pinstripe:service';

const SCHEDULE_OPTIONS = ['cron', 'timeZone'];
const VERBS_OF_LATER_VERSIONS = ['retry', 'queue', 'priority', 'concurrency', 'unique'];

export class BackgroundJob extends ServiceConsumer {
    /* Every name, sorted, those of broken jobs too. */
    static get names(){
        return jobs.sorted.map(({ name }) => name);
    }

    /* The class of a job: name, multiTenant, tenantsFilter, schedules, what meta() assigned. */
    static for(name){
        const { name: key, Class, broken } = find(name);
        if(broken) throw new Error(`Background job "${key}" is broken: ${brokenText(broken)}`);
        return Class;
    }

    /* Runs the job once, in the tenant of that context, and never for each tenant. */
    static async run(context, name, ...args){
        if(!(context instanceof Context)){
            throw new TypeError('BackgroundJob.run(context, name, ...args) needs a context, ' +
                'such as this.context');
        }
        await callJob(context, name, args, true);
    }

    /* From here on: what meta() may call. */

    static schedule(when, ...args){
        const options = typeof when == 'string' ? { cron: when } : readOptions(when);
        refuseProblem(check(options.cron));
        takeZone(options);
        if(args.length) options.args = carryArguments(args, 'schedule arguments');
        this.plan.push(options);
        this.schedules.push([when, ...args]);
        return this;
    }

    /* The run is stopped after this time. */
    static timeout(limit){
        this.timeoutMs = parseDuration(limit, 'timeout()');
        return this;
    }

    /* The run is stopped when its heap grows beyond this. */
    static memory(limit){
        this.memoryBytes = parseBytes(limit, 'memory()');
        return this;
    }

    /* Called by makeClass before and after meta(). */
    static prepareClass(Class){
        Class.schedules = [];
        Class.plan = []; /* the schedules as { cron, timeZone, args }; the last two may be absent */
    }

    static completeClass(Class){
        const { run } = Class.prototype;
        if(typeof run != 'function') throw new Error('The background job has no run().');
        takeFromPrototype(Class, 'multiTenant', 'boolean', 'true or false');
        takeFromPrototype(Class, 'tenantsFilter', 'function', 'a function');
    }
}

Object.assign(BackgroundJob, metaMethods);

for(const verb of VERBS_OF_LATER_VERSIONS){
    BackgroundJob[verb] = () => {
        throw new Error(`this.${verb} is not known in this version`);
    };
}

function readOptions(options){
    if(!options || typeof options != 'object'){
        throw new Error('schedule() needs a cron expression, or an object with cron and timeZone');
    }
    const unknown = Object.keys(options).find(key => !SCHEDULE_OPTIONS.includes(key));
    if(unknown){
        const known = SCHEDULE_OPTIONS.join(' and ');
        throw new Error(`schedule() does not know the option "${unknown}"; it knows ${known}`);
    }
    const { cron, timeZone } = options;
    if(typeof cron != 'string') throw new Error('schedule({ cron, timeZone }) needs cron, a text');
    if(timeZone === undefined || timeZone === null) return { cron };
    refuseProblem(checkZone(String(timeZone)));
    return { cron, timeZone };
}

/* CRON_TZ=Europe/Paris in front of an expression says the same as the option timeZone. */
function takeZone(options){
    const [timeZone, cron] = splitZone(options.cron);
    if(timeZone === null) return;
    if(options.timeZone !== undefined && options.timeZone !== timeZone){
        throw new Error(`schedule() was given two time zones, "${timeZone}" in the expression and ` +
            `"${options.timeZone}" as timeZone; leave one out`);
    }
    refuseProblem(checkZone(timeZone));
    Object.assign(options, { cron, timeZone });
}

function refuseProblem(problem){
    if(problem) throw new Error(problem.message);
}

/* Both may be properties of the exported object or assigned in meta(); the class then has them. */
function takeFromPrototype(Class, key, type, expected){
    if(!Object.hasOwn(Class, key)){
        const value = Class.prototype[key];
        if(value === undefined) return;
        Class[key] = value;
    }
    if(typeof Class[key] != type) throw new Error(`${key} must be ${expected}`);
}

/* However the name is spelled. */
function find(name){
    const key = nameOf(name);
    const entry = jobs.get(key);
    if(!entry) throw new Error(`No such background job "${key}" exists.`);
    return entry;
}

function nameOf(name){
    try {
        return jobName(name);
    } catch(error){
        const text = JSON.stringify(String(name));
        throw new Error(`No such background job ${text} exists: ${error.message}`);
    }
}

/* The executor decides where it runs, and for which tenants unless `once`. */
export async function callJob(context, name, args, once){
    const { name: key } = find(name);
    const carried = carryArguments(args);
    if(inTransaction()) throw new Error(transactionText(key));
    await call({
        name: key,
        args: carried,
        params: carryParams(context),
        tenantId: config.multiTenant ? context.tenantId : undefined,
        once,
    });
}

function carryParams({ carriedParams }){
    try {
        return carriedParams && JSON.parse(JSON.stringify(carriedParams));
    } catch(error){
        throw new TypeError(`initialParams cannot be carried to another run: ${error.message}`);
    }
}

function transactionText(name){
    return `Background job "${name}" was called while a database transaction is open. ` +
        'It would run in another process and wait for this transaction, which would wait for ' +
        'the job: call it after the transaction.';
}

export function brokenText({ message, file, line }){
    return `${message} (${file}${line === null ? '' : `:${line}`})`;
}

/* What the catalog tells of a job, as JSON; what says nothing is left out. */
export function describeJob({ name, file, Class, broken }){
    const place = `"name":${quote(name)},"file":${quote(file)}`;
    if(broken) return `{${place},"schedules":[],"broken":${JSON.stringify(broken)}}`;
    const { multiTenant, tenantsFilter, plan, timeoutMs, memoryBytes } = Class;
    let text = `{${place},"schedules":[${plan.map(describeSchedule).join()}]`;
    if(multiTenant !== undefined) text += `,"multiTenant":${multiTenant}`;
    if(tenantsFilter) text += ',"tenantsFilter":true';
    if(timeoutMs) text += `,"timeout":${timeoutMs}`;
    if(memoryBytes) text += `,"memory":${memoryBytes}`;
    return text + '}';
}

function describeSchedule({ cron, timeZone, args }){
    if(timeZone || args) return JSON.stringify({ cron, timeZone, args });
    return `{"cron":${quote(cron)}}`;
}
