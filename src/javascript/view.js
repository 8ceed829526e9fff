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
const NOT_FOUND = answer(404, [['content-type', TEXT]], 'Not found\n');

/* What arrives is in web/view_request.h; { head, body } goes back to C. Most requests ask for
 * little: what costs is made when it is looked at. */
export function renderView({ args: [request], params }, root){
    const found = findView(request.path);
    if(!found) return NOT_FOUND;
    const { Class } = viewOf(found.entry);
    if(!giveParams(root, request, params, found.params)) return answer(400, [['content-type', TEXT]], 'The body of the request is not what its content-type says.\n');
    if(config.multiTenant) return renderForTenant(Class, request, root);
    const value = render(Class, root);
    return typeof value?.then == 'function' ? answerLater(value) : answerOf(value);
}

async function renderForTenant(Class, request, root){
    root.params = root.params; /* from here on they decide the tenant, not when somebody looks */
    if(!await mayAnswer(Class.prototype, request, root)) return answer(404, [['content-type', TEXT]], 'No tenant answers to this host.\n');
    return answerOf(await render(Class, root));
}

function render(Class, root){
    const context = root.fork();
    context.makeParamsLater(() => root.params);
    return new Class(context).render();
}

async function answerLater(value){
    return answerOf(await value);
}

function viewOf(entry){
    if(!entry.broken) return entry;
    const { message, file, line } = entry.broken;
    throw Object.assign(new Error(`The view ${file} is broken: ${message}`), { stack: line ? `    at ${file}:${line}\n` : '' });
}

/* ---- addresses ---- */

/* { entry, params }; nothing when no view answers. */
function findView(path){
    const plain = views.get(path); /* an address that says nothing but a view's name */
    if(plain && !path.includes('[') && !path.includes('%')) return { entry: plain };
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

/* False when the body cannot be read. */
function giveParams(root, request, own, fromPath){
    const isPlain = !request.query && !request.body && !fromPath;
    const given = isPlain ? {} : readParams(request, fromPath);
    if(!given) return false;
    root.makeParamsLater(() => sayOwn(given, request, JSON.parse(own)), isPlain ? () => own : undefined);
    return true;
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
function sayOwn(params, { body, secrets }, { _method, _url, _headers }){
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

function answer(status, headers, body){
    return { head: JSON.stringify({ status, headers }), body };
}

function answerOf(value){
    if(value === undefined) return NOT_FOUND;
    if(isFull(value)) return fullAnswer(...value);
    if(isData(value)) return { head: JSON_HEAD, body: JSON.stringify(value) ?? 'null' };
    return answer(200, ...contentOf(value, new Map()));
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
