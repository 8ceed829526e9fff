/* background_job.js - the class of all background jobs: what meta() may declare, and how one run
 * asks for another. */
import { check, checkZone, splitZone } from 'pinstripe:native/cron';
import { call as askExecutor, run as currentRun } from 'pinstripe:native/engine';
import { enqueue } from 'pinstripe:native/database';
import { carryArguments } from 'pinstripe:carry';
import { config } from 'pinstripe:config';
import { Context } from 'pinstripe:context';
import { inTransaction } from 'pinstripe:database';
import { jobName } from 'pinstripe:native/inflector';
import { quote } from 'pinstripe:native/registry';
import { parseBytes, parseDuration } from 'pinstripe:units';
import { inDialog } from 'pinstripe:run';
import { jobs } from 'pinstripe:registries';
import { metaMethods } from 'pinstripe:registry';
import { ServiceConsumer } from 'pinstripe:service';

const SCHEDULE_OPTIONS = ['cron', 'timeZone', 'missed', 'overlap'];
const RETRY_OPTIONS = ['limit', 'backoff', 'delay', 'maxDelay'];
const BACKOFFS = ['exponential', 'linear', 'fixed'];
const MISSED = ['latest', 'all', 'skip'];
const OVERLAP = ['skip', 'queue', 'allow'];
const RETRIES_MAX = 100;
const PRIORITY_MAX = 1000;
const QUEUE_NAME = /^[a-z0-9]+(?:[-_.][a-z0-9]+)*$/;
const QUEUE_NAME_MAX = 64;
const KEY_LENGTH_MAX = 128; /* at most PIN_KEY_BYTES_MAX bytes */
const ARGUMENT_BYTES_MAX = 2 ** 20; /* PIN_ARGS_BYTES_MAX */

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

    /* How often a run that failed is tried again, and when: a number, or { limit, backoff, delay, maxDelay }. */
    static retry(options){
        this.retryPolicy = readRetry(options);
        return this;
    }

    /* The queue that its runs wait in: `start-bot --queue NAME` takes only those. */
    static queue(name){
        this.queueName = checkQueue(name, 'queue()');
        return this;
    }

    /* Larger goes first within a queue. */
    static priority(number){
        this.priorityNumber = checkPriority(number, 'priority()');
        return this;
    }

    /* At most `limit` runs at the same time, of the job or of each of its tenants. */
    static concurrency(options){
        this.concurrencyLimit = readConcurrency(options);
        return this;
    }

    /* Enqueued again with the same arguments, for the same tenant, within this time: the run there is. */
    static unique(options){
        const given = options !== null && typeof options == 'object' ? onlyKnown(options, ['for'], 'unique()').for : options;
        this.uniqueMs = parseDuration(given, 'unique({ for })');
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
        Class.runMethod = run;
        Object.defineProperty(Class.prototype, 'run', { configurable: true, get: describedRun, set: replaceRun });
        takeFromPrototype(Class, 'multiTenant', 'boolean', 'true or false');
        takeFromPrototype(Class, 'tenantsFilter', 'function', 'a function');
    }
}

Object.assign(BackgroundJob, metaMethods);

function onlyKnown(options, known, verb){
    const unknown = Object.keys(options).find(key => !known.includes(key));
    if(unknown === undefined) return options;
    const list = known.length > 1 ? `${known.slice(0, -1).join(', ')} and ${known.at(-1)}` : known[0];
    throw new Error(`${verb} does not know the option "${unknown}"; it knows ${list}`);
}

function oneOf(value, words, what){
    if(value === undefined || words.includes(value)) return value;
    const list = words.map(word => `'${word}'`);
    throw new Error(`${what} is ${list.slice(0, -1).join(', ')} or ${list.at(-1)}, not ${JSON.stringify(value)}`);
}

function wholeNumber(value, from, to, what){
    if(Number.isInteger(value) && value >= from && value <= to) return value;
    throw new Error(`${what} is a whole number from ${from} to ${to}, not ${JSON.stringify(value)}`);
}

function readOptions(options){
    if(!options || typeof options != 'object'){
        throw new Error('schedule() needs a cron expression, or an object with cron and timeZone');
    }
    onlyKnown(options, SCHEDULE_OPTIONS, 'schedule()');
    const { cron, timeZone } = options;
    if(typeof cron != 'string') throw new Error('schedule({ cron, timeZone }) needs cron, a text');
    const read = { cron };
    if(timeZone !== undefined && timeZone !== null){
        if(timeZone != 'tenant') refuseProblem(checkZone(String(timeZone)));
        else if(!config.multiTenant) throw new Error("timeZone: 'tenant' needs a project with multiTenant: true in pinstripe.config.js");
        read.timeZone = timeZone;
    }
    if(options.missed !== undefined) read.missed = oneOf(options.missed, MISSED, 'missed');
    if(options.overlap !== undefined) read.overlap = oneOf(options.overlap, OVERLAP, 'overlap');
    return read;
}

function readRetry(options){
    const { limit, backoff, delay, maxDelay } = options !== null && typeof options == 'object'
        ? onlyKnown(options, RETRY_OPTIONS, 'retry()') : { limit: options };
    const policy = { limit: wholeNumber(limit, 0, RETRIES_MAX, 'retry({ limit })') };
    if(backoff !== undefined) policy.backoff = oneOf(backoff, BACKOFFS, 'retry({ backoff })');
    if(delay !== undefined) policy.delay = parseDuration(delay, 'retry({ delay })');
    if(maxDelay !== undefined) policy.maxDelay = parseDuration(maxDelay, 'retry({ maxDelay })');
    return policy;
}

function readConcurrency(options){
    const { limit, per = 'job' } = options !== null && typeof options == 'object'
        ? onlyKnown(options, ['limit', 'per'], 'concurrency()') : { limit: options };
    return { limit: wholeNumber(limit, 1, 10000, 'concurrency({ limit })'), per: oneOf(per, ['tenant', 'job'], 'concurrency({ per })') };
}

export function checkQueue(name, what){
    if(typeof name == 'string' && name.length <= QUEUE_NAME_MAX && QUEUE_NAME.test(name)) return name;
    throw new Error(`${what} needs a name of small letters, digits, - _ and ., such as 'mail', of ${QUEUE_NAME_MAX} characters at most; it got ${JSON.stringify(name)}`);
}

export function checkPriority(number, what){
    return wholeNumber(number, -PRIORITY_MAX, PRIORITY_MAX, what);
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
    const entry = jobs.get(name) ?? jobs.get(nameOf(name));
    if(!entry) throw new Error(`No such background job "${nameOf(name)}" exists.`);
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

/* In a job `this.run` is its method, which also tells of the run under way: this.run.id. */
function describedRun(){
    const { runMethod } = this.constructor;
    return Object.assign((...args) => runMethod.apply(this, args), runInfo());
}

function replaceRun(value){
    Object.defineProperty(this, 'run', { value, writable: true, enumerable: true, configurable: true });
}

/* { id, attempt, key, dueTime, deadline }: the last two are dates. */
export function runInfo(){
    const info = currentRun();
    if(!info) return undefined;
    return { ...info, dueTime: new Date(info.dueTime), deadline: new Date(info.deadline) };
}

const ENQUEUE_OPTIONS = ['name', 'at', 'delay', 'priority', 'queue', 'key', 'tenant'];

/* Puts one run in the queue for each list of arguments; gives their ids once they are safe. */
export async function enqueueJob(context, target, lists){
    const { name, tenant, ...options } = readTarget(target);
    const entry = inDialog() && !inTransaction() ? { name: nameOf(name) } : find(name); /* there the executor knows the newest ones */
    if(entry.broken) throw new Error(`Background job "${entry.name}" is broken: ${brokenText(entry.broken)}`);
    if(!Array.isArray(lists)) throw new TypeError('enqueueBackgroundJobs(name, lists) needs an array of argument lists');
    if(options.key !== undefined && lists.length > 1) throw new TypeError('A key names one run: enqueue them one by one');
    if(lists.length == 0) return [];
    const args = lists.map(linesOf).join('\n');
    const params = carryParams(context);
    const tenantId = config.multiTenant ? tenantOf(context, tenant) : undefined;
    if(inTransaction()) return enqueueInTransaction(entry, args, params, tenantId, options);
    return askExecutor(entry.name, 'enqueue', args, params, tenantId, options);
}

/* Part of the transaction: it commits or vanishes with it. */
function enqueueInTransaction(entry, args, params, tenantId, options){
    const { filename } = config.store;
    if(filename !== null && filename !== config.database.filename){
        throw new Error(`Background job "${entry.name}" cannot be enqueued inside a transaction: the runs are in a file of their own ` +
            '(store.filename), and a commit to two files is not atomic. Enqueue it after the transaction.');
    }
    return enqueue(`{"multiTenant":${config.multiTenant},"job":${describeJob(entry)}}`, args, JSON.stringify(options), params, tenantId);
}

function linesOf(list){
    if(!Array.isArray(list)) throw new TypeError('Each element of the lists is an array: the arguments of one run');
    const text = JSON.stringify(carryArguments(list));
    if(text.length > ARGUMENT_BYTES_MAX) throw new RangeError(`the arguments are ${text.length} bytes as JSON, more than the limit of ${ARGUMENT_BYTES_MAX}; put large data into the database and pass its id`);
    return text;
}

function readTarget(target){
    if(target === null || typeof target != 'object') return { name: target };
    const { at, delay, priority, queue, key, ...rest } = onlyKnown(target, ENQUEUE_OPTIONS, 'enqueueBackgroundJob()');
    if(at !== undefined && delay !== undefined) throw new Error('enqueueBackgroundJob({ at, delay }): give one of them');
    const options = { ...rest };
    if(at !== undefined) options.at = readTime(at);
    if(delay !== undefined) options.delay = delay === 0 ? 0 : parseDuration(delay, 'enqueueBackgroundJob({ delay })');
    if(priority !== undefined) options.priority = checkPriority(priority, 'enqueueBackgroundJob({ priority })');
    if(queue !== undefined) options.queue = checkQueue(queue, 'enqueueBackgroundJob({ queue })');
    if(key !== undefined) options.key = checkKey(key);
    return options;
}

function readTime(at){
    const ms = at instanceof Date ? at.getTime() : typeof at == 'string' ? Date.parse(at) : at;
    if(Number.isSafeInteger(ms) && ms >= 0) return ms;
    throw new TypeError(`enqueueBackgroundJob({ at }) needs a Date, a text such as '2026-03-08T09:00:00Z' or milliseconds since 1970; it got ${String(at)}`);
}

function checkKey(key){
    if(typeof key == 'string' && key.length >= 1 && key.length <= KEY_LENGTH_MAX && !key.includes('\0')) return key;
    throw new TypeError(`enqueueBackgroundJob({ key }) needs a text of 1 to ${KEY_LENGTH_MAX} characters`);
}

/* A run of a tenant enqueues for that tenant only. */
function tenantOf(context, tenant){
    const own = context.tenantId;
    if(tenant === undefined || tenant === null) return own;
    const id = String(typeof tenant == 'object' ? tenant.id : tenant);
    if(own !== undefined && own !== id) throw new Error(`A run of the tenant "${own}" cannot enqueue for the tenant "${id}".`);
    return id;
}

/* The executor decides where it runs, and for which tenants unless `once`. A promise in any case;
 * the executor's own, since one more for every call would be felt. */
export function callJob(context, name, args, once){
    try {
        const key = inDialog() ? nameOf(name) : find(name).name;
        const carried = args.length ? carryArguments(args) : undefined;
        if(inTransaction()) throw new Error(transactionText(key));
        return askExecutor(key, once ? 'once' : undefined, carried, carryParams(context), config.multiTenant ? context.tenantId : undefined);
    } catch(error){
        return Promise.reject(error);
    }
}

function carryParams(context){
    try {
        return context.carriedText;
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
export function describeJob({ name, file, isNative, Class, broken }){
    const place = `"name":${quote(name)},"file":${quote(file)}`;
    if(broken) return `{${place},"schedules":[],"broken":${JSON.stringify(broken)}}`;
    const { multiTenant, tenantsFilter, plan, timeoutMs, memoryBytes } = Class;
    const { retryPolicy, queueName, priorityNumber, concurrencyLimit, uniqueMs } = Class;
    let text = `{${place},"schedules":[${plan.map(describeSchedule).join()}]`;
    if(isNative) text += ',"language":"c"';
    if(multiTenant !== undefined) text += `,"multiTenant":${multiTenant}`;
    if(tenantsFilter) text += ',"tenantsFilter":true';
    if(timeoutMs) text += `,"timeout":${timeoutMs}`;
    if(memoryBytes) text += `,"memory":${memoryBytes}`;
    if(retryPolicy) text += `,"retry":${JSON.stringify(retryPolicy)}`;
    if(queueName) text += `,"queue":${quote(queueName)}`;
    if(priorityNumber) text += `,"priority":${priorityNumber}`;
    if(concurrencyLimit) text += `,"concurrency":${JSON.stringify(concurrencyLimit)}`;
    if(uniqueMs) text += `,"unique":${uniqueMs}`;
    return text + '}';
}

function describeSchedule({ cron, timeZone, args, missed, overlap }){
    if(timeZone || args || missed || overlap) return JSON.stringify({ cron, timeZone, args, missed, overlap });
    return `{"cron":${quote(cron)}}`;
}
