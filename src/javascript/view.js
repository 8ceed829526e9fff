/* view.js - views: what answers requests over HTTP.
 *
 * A file of lib/views answers the address that its path says: reports/daily.js is /reports/daily,
 * index.js its folder, [id].js any one segment, which stands in the parameters under that name.
 * What render() gives is the answer: a text is HTML, undefined is 404, [status, headers, body] says
 * all of it, anything else is JSON.
 */
import { config } from 'pinstripe:config';
import { lazyUrl } from 'pinstripe:context';
import { metaMethods } from 'pinstripe:registry';
import { views } from 'pinstripe:registries';
import { rootOfRun } from 'pinstripe:run';
import { ServiceConsumer } from 'pinstripe:service';
import { Workspace } from 'pinstripe:workspace';

/* What a file of lib/views becomes. */
export class View extends ServiceConsumer {
    render(){}

    /* The View whose instance `this` is called with; a view without render() cannot answer. */
    static completeClass(Class){
        const { render } = Class.prototype;
        if(typeof render != 'function' || render === View.prototype.render) throw new Error('A view needs a function render().');
    }
}

Object.assign(View, metaMethods);

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';
const JSON_HEAD = JSON.stringify({ status: 200, headers: [['content-type', JSON_TYPE]] });

/* What arrives is in web/view_request.h; what it gives, or a promise of that, is for answerOf().
 * Most requests ask for little: what costs is made when it is looked at. */
export function renderView(name, args, more, own){
    const request = args[0];
    let view = plainViews.get(request.path);
    let params;
    if(!view){
        const found = findView(request.path);
        if(!found) return NOT_FOUND;
        view = viewOf(found.entry);
        ({ params } = found);
    }
    if(!giveParams(request, own, params)) return answer(400, [['content-type', TEXT]], 'The body of the request is not what its content-type says.\n');
    return config.multiTenant ? renderForTenant(view, request) : settled(view.render());
}

/* The engine awaits promises, and nothing else. */
function settled(value){
    return typeof value?.then == 'function' ? Promise.resolve(value) : value;
}

async function renderForTenant(view, request){
    const root = rootOfRun();
    root.params = root.params; /* from here on they decide the tenant, not when somebody looks */
    if(!await mayAnswer(view, request, root)) return answer(404, [['content-type', TEXT]], 'No tenant answers to this host.\n');
    return view.render();
}

/* The instance for this run. */
function viewOf(entry){
    if(!entry.broken) return entry.instance;
    const { message, file, line } = entry.broken;
    throw Object.assign(new Error(`The view ${file} is broken: ${message}`), { stack: line ? `    at ${file}:${line}\n` : '' });
}

/* ---- addresses ---- */

/* The instances for this run of those whose address is their name, and no other's. */
const plainViews = new Map();

/* After the project's views have been made. */
export function indexViews(){
    for(const { name, instance } of views.entries) if(instance && !/[[%]/.test(name)) plainViews.set(name, instance);
}

/* { entry, params }; nothing when no view answers. */
function findView(path){
    const segments = segmentsOf(path);
    if(!segments) return undefined;
    const entry = views.get(`/${segments.join('/')}`);
    if(entry && !entry.name.includes('[')) return { entry };
    let best;
    for(const entry of views.sorted){
        const match = entry.name.includes('[') && matchPattern(entry.name.split('/').slice(1), segments);
        if(match && (!best || match.rank > best.match.rank)) best = { entry, match };
    }
    return best && { entry: best.entry, params: best.match.params };
}

/* Decoded; nothing for an address that no view can have. One slash at the end is as none. */
function segmentsOf(path){
    if(path == '/') return [];
    try {
        const segments = path.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent);
        return segments.some(segment => segment == '' || /[\0/\\]/.test(segment)) ? undefined : segments;
    } catch {
        return undefined;
    }
}

/* The earlier a segment is said literally, the better. */
function matchPattern(pattern, segments){
    if(pattern.length != segments.length) return undefined;
    const params = {};
    let rank = '';
    for(const [i, name] of pattern.entries()){
        if(name.startsWith('[')) set(params, name.slice(1, -1), segments[i]);
        else if(name != segments[i]) return undefined;
        rank += name.startsWith('[') ? '0' : '1';
    }
    return { params, rank };
}

/* ---- parameters ---- */

/* Of double names the last counts, __proto__ is a name like any other. */
function set(params, name, value){
    Object.defineProperty(params, name, { value, writable: true, enumerable: true, configurable: true });
}

/* False when the body cannot be read. `own`, JSON, is what pinstripe says of the request: a run that
 * the view asks for is told the same, when nothing else was given. */
function giveParams(request, own, fromPath){
    const isPlain = !request.query && !request.body && !fromPath;
    request.own = own;
    if(!isPlain && !(request.given = readParams(request, fromPath))) return false;
    rootOfRun().makeParamsLater(sayOwn, isPlain ? carryOwn : undefined, request);
    return true;
}

function carryOwn({ own }){
    return own;
}

/* Query, then the body, then what the address says; nothing when the body cannot be read. */
function readParams({ query, body, type: given }, fromPath){
    const params = {};
    if(query) for(const [name, value] of new URLSearchParams(query.slice(1))) set(params, name, value);
    const type = `${given ?? ''}`.split(';')[0].trim().toLowerCase();
    if(type == 'application/x-www-form-urlencoded'){
        for(const [name, value] of new URLSearchParams(body)) set(params, name, value);
    } else if(type == JSON_TYPE || type.endsWith('+json')){
        try {
            const value = JSON.parse(body);
            if(value && typeof value == 'object' && !Array.isArray(value)){
                for(const name of Object.keys(value)) set(params, name, value[name]);
            }
        } catch {
            return undefined;
        }
    }
    if(fromPath) for(const name of Object.keys(fromPath)) set(params, name, fromPath[name]);
    return params;
}

/* What pinstripe itself says of the request cannot be said by who sends it. */
function sayOwn({ given: params = {}, own, body, secrets }){
    const { _method, _url, _headers } = JSON.parse(own);
    params._method = _method;
    params._headers = Object.assign(_headers, secrets);
    params._body = body ?? '';
    params._url = _url;
    return lazyUrl(params);
}

/* Nothing, too, for an id that a trusted proxy gave and that is nobody's. */
async function tenantOf(root){
    try {
        return await new Workspace(root).database.tenant;
    } catch(error){
        if(error?.code == 'NO_SUCH_TENANT') return undefined;
        throw error;
    }
}

/* In a project of many tenants. Enters the tenant; false when none is chosen: no request sees the rows of all tenants. A view that is for
 * none of them answers to the server's names and to theirs, not to any that a page of somebody else made up. */
async function mayAnswer({ multiTenant }, { ours }, root){
    if(multiTenant === false && ours) return true;
    const tenant = await tenantOf(root);
    if(tenant && multiTenant !== false) root.params._headers['x-tenant-id'] = tenant.id;
    return !!tenant;
}

/* ---- answers ---- */

/* What goes back to C; never what a view gave. */
class Answer {
    constructor(head, body){
        this.head = head;
        this.body = body;
    }
}

function answer(status, headers, body){
    return new Answer(JSON.stringify({ status, headers }), body);
}

const NOT_FOUND = answer(404, [['content-type', TEXT]], 'Not found\n');

export function answerOf(value){
    if(value === undefined) return NOT_FOUND;
    if(value === null || getPrototypeOf(value) === PLAIN) return dataAnswer(value);
    if(value instanceof Answer) return value;
    if(isFull(value)) return fullAnswer(...value);
    if(isData(value)) return dataAnswer(value);
    return answer(200, ...contentOf(value, new Map()));
}

const { getPrototypeOf, prototype: PLAIN } = Object;

function dataAnswer(value){
    return { head: JSON_HEAD, body: JSON.stringify(value) ?? 'null' };
}

function isData(value){
    return typeof value != 'string' && !(value instanceof ArrayBuffer) && !ArrayBuffer.isView(value);
}

const BODILESS = [204, 205, 304];

/* [status], [status, headers], [status, headers, body]; a list of data begins otherwise. */
function isFull(value){
    if(!Array.isArray(value) || value.length < 1 || value.length > 3 || !Number.isInteger(value[0])) return false;
    return value.length > 1 && value[1] !== null && typeof value[1] == 'object';
}

function fullAnswer(status, headers, body){
    if(status < 200 || status > 599) throw new RangeError(`A view's status must be from 200 to 599; it is ${status}.`);
    const all = new Map();
    for(const [name, value] of Array.isArray(headers) ? headers : Object.entries(headers)) addHeader(all, name, value);
    const [list, content] = contentOf(BODILESS.includes(status) ? undefined : body, all);
    if(list.length > HEADERS_MAX || sizeOf(list) > HEAD_BYTES_MAX) throw new RangeError(`The headers of a view's answer are ${HEADERS_MAX} at most, of ${HEAD_BYTES_MAX} bytes together.`);
    return answer(status, list, content);
}

const HEADERS_MAX = 90; /* ANSWER_HEADERS_MAX and PIN_HTTP_ANSWER_HEAD_MAX, less what the server adds */
const HEAD_BYTES_MAX = 7000;

/* Never too small. */
function sizeOf(headers){
    return headers.reduce((sum, [name, value]) => sum + name.length + 4 + value.length * (/[^\0-\x7f]/.test(value) ? 3 : 1), 0);
}

const OURS = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'upgrade'];

function addHeader(headers, name, value){
    const key = `${name}`.toLowerCase();
    if(!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) throw new TypeError(`A view's header cannot be called ${JSON.stringify(name)}.`);
    if(OURS.includes(key)) throw new TypeError(`A view cannot set the header ${name}: the server does.`);
    for(const one of Array.isArray(value) ? value : [value]){
        if(/[\0-\x08\x0a-\x1f\x7f\ud800-\udfff]/u.test(`${one}`)) throw new TypeError(`The value of a view's header ${name} holds a control character or half of one.`);
        if(`${one}` == '') throw new TypeError(`A view's header ${name} has no value: leave it out.`);
        headers.set(key, [...headers.get(key) ?? [], `${one}`]);
    }
}

/* [headers, body] */
function contentOf(value, headers){
    const [type, body] = bodyOf(value);
    if(type && !headers.has('content-type')) headers.set('content-type', [type]);
    return [[...headers].flatMap(([name, values]) => values.map(value => [name, value])), body];
}

function bodyOf(value){
    if(value === undefined) return [undefined, ''];
    if(typeof value == 'string') return [HTML, value];
    if(value instanceof ArrayBuffer) return ['application/octet-stream', value];
    if(ArrayBuffer.isView(value)) return ['application/octet-stream', value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)];
    return [JSON_TYPE, JSON.stringify(value) ?? 'null'];
}
