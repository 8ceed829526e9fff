/* context.js - what lives as long as a workspace does.
 *
 * A root context belongs to one workspace; forks share its root. Anybody may keep values in one as
 * plain properties; what has a destroy() method is destroyed with the context, last made first,
 * whatever the others do. The parameters and the tenant of a workspace stand in its root;
 * parameters are made at first use, since most runs never look.
 */
const TENANT_HEADER = 'x-tenant-id';

export class Context {
    #root; /* undefined in a root: no object that refers to itself waits for a collection */
    #parent;
    #params;
    #tenantId;
    #forks; /* undefined until there is one; null when destroyed */

    /* A root has no parent; it may start in a tenant, and with another workspace's parameters. */
    constructor(parent, tenantId, params){
        this.#parent = parent;
        if(parent) this.#root = parent.root;
        this.#tenantId = tenantId;
        this.#params = params;
    }

    get root(){ return this.#root ?? this; }
    get parent(){ return this.#parent; }

    get params(){
        return this.#params ??= makeParams(this.#tenantId);
    }

    set params(params){
        this.#params = params;
    }

    /* The header decides as soon as there are parameters: setting it enters a tenant. */
    get tenantId(){
        const { root } = this;
        return root.#params ? root.#params._headers?.[TENANT_HEADER] : root.#tenantId;
    }

    /* The parameters of the workspace for another one to start with; undefined when nobody gave or
     * looked at any. */
    get carriedParams(){
        return this.root.#params;
    }

    /* A falsy value is made again. */
    getOrCreate(name, fn){
        return this[name] || (this[name] = fn());
    }

    /* A fork that nobody destroys is destroyed with this context. */
    fork(){
        const fork = new Context(this);
        (this.#forks ??= []).push(fork);
        return fork;
    }

    /* Whether there is nothing to destroy. */
    get isEmpty(){
        if(Reflect.ownKeys(this).length) return false;
        return !this.#forks || this.#forks.every(fork => fork.isEmpty);
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
        if(this.#forks === null) return;
        const forks = this.#forks ?? [];
        this.#forks = null;
        const failures = [];
        while(forks.length) await forks.pop().destroy().catch(error => failures.push(error));
        await this.#destroyProperties(failures);
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

    /* A hook may put new things into the context: they are destroyed too. */
    async #destroyProperties(failures){
        const seen = new Set();
        let name;
        while((name = Reflect.ownKeys(this).findLast(key => !seen.has(key))) !== undefined){
            seen.add(name);
            await destroyOne(this[name], failures);
        }
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

/* A _url that is a text becomes an object at its first use: few look, and making it costs more than
 * an empty run. What is no URL stays a text. */
export function lazyUrl(params){
    const text = params._url;
    if(typeof text != 'string') return params;
    const become = value => Object.defineProperty(params, '_url', { value, writable: true, enumerable: true, configurable: true });
    const get = () => become(URL.canParse(text) ? new URL(text) : text)._url;
    get.text = text;
    return Object.defineProperty(params, '_url', { get, set: become, enumerable: true, configurable: true });
}

/* The same with a _url that nobody has looked at as its text. */
export function plainParams(params){
    const text = params && Object.getOwnPropertyDescriptor(params, '_url')?.get?.text;
    if(text === undefined) return params;
    const plain = {};
    for(const key of Object.keys(params)){
        const value = key == '_url' ? text : params[key];
        Object.defineProperty(plain, key, { value, writable: true, enumerable: true, configurable: true });
    }
    return plain;
}

/* A workspace made from another one starts with its parameters, and is free to change its own. */
export function copyParams(params){
    return params && lazyUrl({ ...plainParams(params), _headers: { ...params._headers } });
}
