/* context.js - what lives as long as a workspace does.
 *
 * A root context belongs to one workspace; forks share its root. Anybody may keep values in one as
 * plain properties; what has a destroy() method is destroyed with the context, last made first,
 * whatever the others do. The parameters and the tenant of a workspace stand in its root;
 * parameters are made at first use, since most runs never look.
 */

const TENANT_HEADER = 'x-tenant-id';

export class Context {
    #own; /* one private field: a run makes two contexts, and a field is not for nothing */

    /* A root has no parent; it may start in a tenant, and with another workspace's parameters. */
    constructor(parent, tenantId, params){
        this.#own = {
            parent,
            root: parent?.root, /* not of a root: what refers to itself waits for a collection */
            tenantId,
            params,
            make: undefined, /* makeParamsLater(): until there are parameters */
            carry: undefined,
            data: undefined,
            forks: undefined, /* until there is one; null when destroyed */
        };
    }

    get root(){ return this.#own.root ?? this; }
    get parent(){ return this.#own.parent; }

    get params(){
        const own = this.#own;
        return givenParams(own) ?? (own.params = makeParams(own.tenantId));
    }

    set params(params){
        this.#own.make = undefined;
        this.#own.params = params;
    }

    /* Parameters that make(data, tenantId) gives when somebody looks: few do, and a closure for
     * each run would be felt. Their tenant is this context's. As long as nobody has looked,
     * carry(data) says them as JSON; where it says nothing they are made for that, too. */
    makeParamsLater(make, carry, data){
        const own = this.#own;
        own.make = make;
        own.carry = carry;
        own.data = data;
    }

    /* Of a root that was made before it was known who for. */
    startInTenant(tenantId){
        this.#own.tenantId = tenantId;
    }

    /* The header decides as soon as there are parameters: setting it enters a tenant. */
    get tenantId(){
        const { params, tenantId } = this.root.#own;
        return params ? params._headers?.[TENANT_HEADER] : tenantId;
    }

    /* The parameters of the workspace for another one to start with; undefined when nobody gave or
     * looked at any. */
    get carriedParams(){
        return givenParams(this.root.#own);
    }

    /* The same as JSON for another run, without what is of this request only. */
    get carriedText(){
        const own = this.root.#own;
        const text = own.make && own.carry?.(own.data);
        if(text !== undefined) return text;
        const params = givenParams(own);
        return params && textOf(params);
    }

    /* A falsy value is made again. */
    getOrCreate(name, fn){
        return this[name] || (this[name] = fn());
    }

    /* A fork that nobody destroys is destroyed with this context. */
    fork(){
        forksMade++;
        const fork = new Context(this);
        (this.#own.forks ??= []).push(fork);
        return fork;
    }

    /* Gives what fn(this) gives, and destroys the context in any case. */
    async run(fn){
        let value;
        try {
            value = await fn.call(this, this);
        } catch(error){
            await this.destroyAfterFailure();
            throw error;
        }
        await this.destroy();
        return value;
    }

    async destroy(){
        if(this.#own.forks === null) return;
        const forks = this.#own.forks ?? [];
        this.#own.forks = null;
        const failures = [];
        while(forks.length) await forks.pop().destroy().catch(error => failures.push(error));
        await destroyProperties(this, failures);
        if(failures.length == 1) throw failures[0];
        if(failures.length > 1){
            const [first] = failures;
            throw new AggregateError(failures, `${failures.length} destroy() hooks failed, ` +
                `the first with: ${first?.message ?? first}`);
        }
    }

    /* The failure that came first is the one to tell the caller; this one is only printed. */
    async destroyAfterFailure(){
        try {
            await this.destroy();
        } catch(error){
            console.error('A destroy() hook failed as well:', error);
        }
    }
}

let forksMade = 0; /* in this heap: who made none has none to destroy */

export function countForks(){
    return forksMade;
}

/* A hook may put new things into the context: they are destroyed too. */
async function destroyProperties(context, failures){
    const seen = new Set();
    let name;
    while((name = Reflect.ownKeys(context).findLast(key => !seen.has(key))) !== undefined){
        seen.add(name);
        await destroyOne(context[name], failures);
    }
}

/* Of what can be awaited only promises are: awaiting a query would run it. Contexts that somebody
 * keeps in a context are destroyed where they were forked. */
async function destroyOne(value, failures){
    try {
        const object = value instanceof Promise ? await value : value;
        if(!object || typeof object != 'object' || object instanceof Context) return;
        if(typeof object.destroy == 'function') await object.destroy();
    } catch(error){
        failures.push(error);
    }
}

/* own: what a Context keeps. */
function givenParams(own){
    const { make } = own;
    if(!make) return own.params;
    own.params = make(own.data, own.tenantId);
    own.make = undefined;
    return own.params;
}

function makeParams(tenantId){
    const params = { _method: 'GET', _url: new URL('http://127.0.0.1/'), _headers: {} };
    if(tenantId !== undefined) params._headers[TENANT_HEADER] = tenantId;
    return params;
}

/* Parameters that arrive as JSON, in the tenant that the program decided on: a tenant's name in
 * them counts for nothing. `multiTenant` false: the header has no meaning and stays. */
export function paramsFromJson(params, tenantId, multiTenant){
    const { _method = 'GET', _url = 'http://127.0.0.1/', _headers = {}, ...rest } = params;
    const headers = { ..._headers };
    if(multiTenant) delete headers[TENANT_HEADER];
    if(tenantId !== undefined) headers[TENANT_HEADER] = tenantId;
    return lazyUrl({ _method, _url, _headers: headers, ...rest });
}

const urlTexts = new WeakMap(); /* parameters whose _url nobody has looked at */

/* A _url that is a text becomes an object at its first use: few look, and making it costs more than
 * an empty run. What is no URL stays a text. */
export function lazyUrl(params){
    const text = params._url;
    if(typeof text != 'string') return params;
    urlTexts.set(params, text);
    return Object.defineProperty(params, '_url', URL_LATER);
}

const URL_LATER = {
    get(){
        const params = ownerOfUrl(this);
        const text = urlTexts.get(params);
        return setUrl(params, URL.canParse(text) ? new URL(text) : text);
    },
    set(value){
        setUrl(this, value);
    },
    enumerable: true,
    configurable: true,
};

/* Somebody may have made objects of their own from parameters. */
function ownerOfUrl(object){
    while(!urlTexts.has(object)) object = Object.getPrototypeOf(object);
    return object;
}

function setUrl(params, value){
    urlTexts.delete(params);
    Object.defineProperty(params, '_url', { value, writable: true, enumerable: true, configurable: true });
    return value;
}

/* The same with a _url that nobody has looked at as its text. */
function plainParams(params){
    const text = urlTexts.get(params);
    if(text === undefined) return params;
    const plain = {};
    for(const key of Object.keys(params)){
        const value = key == '_url' ? text : params[key];
        Object.defineProperty(plain, key, { value, writable: true, enumerable: true, configurable: true });
    }
    return plain;
}

/* What a visitor proves who they are with stays with the request: runs are kept. As in
 * web/view_request.c, which takes them out where nobody looks. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

function withoutSecrets(headers){
    if(!SECRET_HEADERS.some(name => name in headers)) return headers;
    const rest = { ...headers };
    for(const name of SECRET_HEADERS) delete rest[name];
    return rest;
}

function textOf(params){
    const { _body, _headers, ...rest } = plainParams(params);
    if(_headers) rest._headers = withoutSecrets(_headers);
    return JSON.stringify(rest);
}

/* A workspace made from another one starts with its parameters, and is free to change its own. */
export function copyParams(params){
    return params && lazyUrl({ ...plainParams(params), _headers: { ...params._headers } });
}
