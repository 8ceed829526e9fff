/* config.js - the project's configuration: pinstripe.config.js over the defaults.
 *
 * The file's default export is an object, or a function (it may be async) that gives one. Keys that
 * pinstripe does not know are kept for the project's own services.
 */
import { checkZone } from 'pinstripe:native/cron';
import { environment, root, setTimeZone } from 'pinstripe:native/engine';
import { parseBytes, parseDuration } from 'pinstripe:units';

/* Filled by loadConfig: one object for good, so that it can be imported before. */
export const config = {};

const ADAPTERS = ['sqlite'];

/* `exported`: the default export, undefined when there is no file. */
export async function loadConfig(exported){
    const given = typeof exported == 'function' ? await exported({ environment }) : exported;
    if(given !== undefined && (given === null || typeof given != 'object' || Array.isArray(given))){
        throw new Error('the default export must be an object or a function that gives one');
    }
    Object.assign(config, merge(defaults(), given ?? {}));
    check();
    checkJson();
    config.database.filename = absolute(config.database.filename);
    if(config.store.filename !== null) config.store.filename = absolute(config.store.filename);
    if(config.timeZone !== null) setTimeZone(config.timeZone);
}

function defaults(){
    return {
        multiTenant: false,
        timeZone: null,
        database: { adapter: 'sqlite', filename: `${environment}.db`, transactionLimit: '5s' },
        store: { filename: null },
        server: { hosts: null, trustedProxies: [], requestTimeout: '30s', bodyLimit: '1MB' },
    };
}

function merge(base, over){
    for(const [key, value] of Object.entries(over)){
        if(value === undefined) continue;
        base[key] = isPlain(base[key]) && isPlain(value) ? merge({ ...base[key] }, value) : value;
    }
    return base;
}

function isPlain(value){
    return value !== null && typeof value == 'object' && !Array.isArray(value);
}

function check(){
    const { database, multiTenant, store, timeZone } = config;
    demand(typeof multiTenant == 'boolean',
        `multiTenant must be true or false; it is ${JSON.stringify(multiTenant)}`);
    demand(isPlain(database), 'database must be an object such as { adapter: \'sqlite\' }');
    demand(ADAPTERS.includes(database.adapter), `"${database.adapter}" adapter not supported.`);
    demand(typeof database.filename == 'string' && database.filename,
        'database.filename must be a text');
    parseDuration(database.transactionLimit, 'database.transactionLimit');
    demand(isPlain(store) && (store.filename === null || (typeof store.filename == 'string' && store.filename)),
        'store must be an object such as { filename: \'runs.db\' }');
    checkTimeZone(timeZone);
    checkServer(config.server);
}

/* The times and sizes become numbers, for the server reads them. */
function checkServer(server){
    demand(isPlain(server), 'server must be an object such as { hosts: [\'example.com\'] }');
    const isTexts = value => Array.isArray(value) && value.every(one => typeof one == 'string' && one);
    demand(server.hosts === null || isTexts(server.hosts),
        'server.hosts must be a list of names such as [\'example.com\', \'*.example.com\'], or [\'*\'] for any');
    demand(isTexts(server.trustedProxies), 'server.trustedProxies must be a list of addresses such as [\'10.0.0.1\']');
    server.requestTimeout = parseDuration(server.requestTimeout, 'server.requestTimeout');
    server.bodyLimit = parseBytes(server.bodyLimit, 'server.bodyLimit');
    demand(server.bodyLimit <= 8 * 1024 ** 2, 'server.bodyLimit must be 8MB at most');
}

/* The executor gets the configuration as JSON; functions in it stay here. */
function checkJson(){
    try {
        JSON.stringify(config);
    } catch(error){
        throw new Error(`the configuration cannot be written as JSON: ${error.message}`);
    }
}

function demand(condition, sentence){
    if(!condition) throw new Error(sentence);
}

function checkTimeZone(timeZone){
    if(timeZone === null) return;
    demand(typeof timeZone == 'string',
        `timeZone must be a name such as 'Europe/Paris'; it is ${JSON.stringify(timeZone)}`);
    const problem = checkZone(timeZone);
    demand(!problem, problem?.message);
}

function absolute(filename){
    return filename.startsWith('/') || filename == ':memory:' ? filename : `${root}/${filename}`;
}
