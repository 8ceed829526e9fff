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
        native: { compiler: null, flags: [], libraries: [], user: null },
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
    checkNative(config.native);
}

/* What jobs in C are compiled with, and whom they run as when pinstripe is root's: native/config.h. */
export function nativeConfig(){
    const { compiler, flags, libraries, user } = config.native;
    const transactionMs = parseDuration(config.database.transactionLimit, 'database.transactionLimit');
    return { compiler, flags, libraries, user, transactionMs };
}

const NATIVE_KEYS = ['compiler', 'flags', 'libraries', 'user'];
const NATIVE_WORDS_MAX = 100;

/* Words go to the compiler as they are, no shell sees them: '-I foo' would be one word. */
function checkNative(native){
    demand(isPlain(native), 'native must be an object such as { compiler: \'clang\', flags: [\'-O3\'] }');
    const unknown = Object.keys(native).find(key => !NATIVE_KEYS.includes(key));
    demand(unknown === undefined,
        `native has no key "${unknown}"; it knows compiler, flags, libraries and user`);
    const isWord = value => typeof value == 'string' && /^[^\s\0]+$/.test(value);
    const isWords = value => Array.isArray(value) && value.length <= NATIVE_WORDS_MAX && value.every(isWord);
    demand(native.compiler === null || isWord(native.compiler),
        `native.compiler must be a program such as 'clang' or '/opt/bin/gcc'; it is ${JSON.stringify(native.compiler)}`);
    demand(isWords(native.flags),
        `native.flags must be a list of words such as ['-O3', '-DWORD=1'], each without spaces; it is ${JSON.stringify(native.flags)}`);
    demand(isWords(native.libraries),
        `native.libraries must be a list of words such as ['-lcrypto'], each without spaces; it is ${JSON.stringify(native.libraries)}`);
    demand(native.user === null || isWord(native.user),
        `native.user must be the name of a user such as 'nobody'; it is ${JSON.stringify(native.user)}`);
}

function isTexts(value){
    return Array.isArray(value) && value.every(one => typeof one == 'string' && one);
}

/* The times and sizes become numbers, for the server reads them. */
function checkServer(server){
    demand(isPlain(server), 'server must be an object such as { hosts: [\'example.com\'] }');
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
