/* carry.js - arguments on their way to another process.
 *
 * They travel as JSON. What JSON would lose or change without a word (functions, symbols, cycles,
 * BigInt, NaN, holes, maps, promises) is an error that names the path, at the call. As JSON does,
 * properties that are undefined or have a symbol for a name are left out, and toJSON() is asked.
 */
const DEPTH_MAX = 100;

/* A deep copy that holds only what JSON can carry. Undefined arguments at the end are left out, so
 * that run()'s own defaults apply; elsewhere they are an error. */
export function carryArguments(args, what = 'arguments'){
    let length = args.length;
    while(length > 0 && args[length - 1] === undefined) length--;
    const copies = [];
    for(let i = 0; i < length; i++) copies.push(carry(args[i], [what, i]));
    return copies;
}

/* path: the names that lead to the value; parents: the objects that hold it. */
function carry(value, path, parents = []){
    switch(typeof value){
        case 'string':
        case 'boolean':
            return value;
        case 'number':
            if(!Number.isFinite(value)) refuse(path, `is ${value}`);
            return value;
        case 'object':
            return value === null ? null : carryObject(value, path, parents);
        case 'undefined':
            return refuse(path, 'is undefined');
        default:
            return refuse(path, `is a ${typeof value == 'bigint' ? 'BigInt' : typeof value}`);
    }
}

function carryObject(object, path, parents){
    const known = parents.indexOf(object);
    if(known >= 0) refuse(path, `refers back to ${pathText(path.slice(0, known + 2))}`);
    if(parents.length >= DEPTH_MAX){
        refuse(path.slice(0, 2), `is nested more than ${DEPTH_MAX} levels deep`);
    }
    if(typeof object.toJSON == 'function') return carryJson(object, path, parents);
    parents.push(object);
    const carryInside = Array.isArray(object) ? carryArray : carryProperties;
    const copy = carryInside(object, path, parents);
    parents.pop();
    return copy;
}

/* An invalid date and the like give null. */
function carryJson(object, path, parents){
    const value = object.toJSON(String(path.at(-1)));
    if(value === object) refuse(path, 'has a toJSON() that returns itself');
    parents.push(object);
    const copy = carry(value, path, parents);
    parents.pop();
    return copy;
}

function carryArray(array, path, parents){
    const copy = [];
    for(let i = 0; i < array.length; i++) copy.push(carry(array[i], [...path, i], parents));
    return copy;
}

function carryProperties(object, path, parents){
    const plain = unwrapPrimitive(object);
    if(plain !== object) return carry(plain, path, parents);
    const lost = lostKind(object);
    if(lost) refuse(path, `is ${/^[AEIOU]/.test(lost) ? 'an' : 'a'} ${lost}`);
    const copy = {};
    for(const key of Object.keys(object)){
        const value = object[key];
        if(value === undefined) continue;
        setOwn(copy, key, carry(value, [...path, key], parents));
    }
    return copy;
}

/* Also when the key is __proto__. */
function setOwn(object, key, value){
    const kind = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(object, key, kind);
}

function unwrapPrimitive(object){
    const isBoxed = [String, Number, Boolean].some(kind => object instanceof kind);
    return isBoxed ? object.valueOf() : object;
}

/* Objects of which JSON would carry nothing. */
const LOST_KINDS = [
    Map, Set, WeakMap, WeakSet, Promise, RegExp, ArrayBuffer, SharedArrayBuffer,
];

function lostKind(object){
    if(ArrayBuffer.isView(object)) return object.constructor.name;
    return LOST_KINDS.find(kind => object instanceof kind)?.name;
}

function refuse(path, why){
    throw new TypeError(`${pathText(path)} ${why}, which JSON cannot carry`);
}

function pathText([what, ...keys]){
    return keys.reduce((text, key) => text + keyText(key), what);
}

function keyText(key){
    const isName = typeof key == 'string' && /^[A-Za-z_$][\w$]*$/.test(key);
    return isName ? `.${key}` : `[${JSON.stringify(key)}]`;
}
