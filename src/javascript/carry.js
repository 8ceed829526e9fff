/* carry.js - arguments on their way to another process.
 *
 * They travel as JSON. What JSON would lose or change without a word (functions, symbols, cycles,
 * BigInt, NaN, holes, maps, promises) is an error that names the path, at the call. As JSON does,
 * properties that are undefined or have a symbol for a name are left out, and toJSON() is asked.
 *
 * The exact size is measured when the call is made (calls.c). What is far too large is noticed here
 * already, before copies of it fill the heap: `bytes` never counts more than the JSON will have.
 */
const DEPTH_MAX = 100; /* PIN_ARGS_DEPTH_MAX */
const BYTES_MAX = 2 ** 20; /* PIN_ARGS_BYTES_MAX */

/* A deep copy that holds only what JSON can carry. Undefined arguments at the end are left out, so
 * that run()'s own defaults apply; elsewhere they are an error. */
export function carryArguments(args, what = 'arguments'){
    let length = args.length;
    while(length > 0 && args[length - 1] === undefined) length--;
    const copies = [];
    const trail = { path: [what], parents: [], bytes: 1 };
    for(let i = 0; i < length; i++) copies.push(carryMember(args[i], i, trail));
    return copies;
}

/* trail: `path`, the names that lead to the value; `parents`, the objects that hold it; `bytes`. */
function carryMember(value, name, trail){
    trail.path.push(name);
    const copy = carry(value, trail);
    trail.path.pop();
    return copy;
}

function carry(value, trail){
    const { path } = trail;
    switch(typeof value){
        case 'string':
            count(value.length + 3, trail);
            return value;
        case 'boolean':
            count(5, trail);
            return value;
        case 'number':
            if(!Number.isFinite(value)) refuse(path, `is ${value}`);
            count(2, trail);
            return value;
        case 'object':
            count(2, trail);
            return value === null ? null : carryObject(value, trail);
        case 'undefined':
            return refuse(path, 'is undefined');
        default:
            return refuse(path, `is a ${typeof value == 'bigint' ? 'BigInt' : typeof value}`);
    }
}

/* Each value is counted with the comma behind it, so a list with one bracket: its last value has
 * no comma. */
function count(bytes, trail){
    trail.bytes += bytes;
    if(trail.bytes <= BYTES_MAX) return;
    const where = pathText(trail.path.slice(0, 2));
    throw new RangeError(`${where} takes the arguments to ${trail.bytes} bytes or more as JSON, ` +
        `over the limit of ${BYTES_MAX}; put large data into the database and pass its id`);
}

function carryObject(object, trail){
    const { path, parents } = trail;
    const known = parents.indexOf(object);
    if(known >= 0) refuse(path, `refers back to ${pathText(path.slice(0, known + 2))}`);
    if(parents.length >= DEPTH_MAX){
        refuse(path.slice(0, 2), `is nested more than ${DEPTH_MAX} levels deep`);
    }
    if(typeof object.toJSON == 'function') return carryJson(object, trail);
    parents.push(object);
    const carryInside = Array.isArray(object) ? carryArray : carryProperties;
    const copy = carryInside(object, trail);
    parents.pop();
    return copy;
}

/* An invalid date and the like give null. */
function carryJson(object, trail){
    const { path, parents } = trail;
    const value = object.toJSON(String(path.at(-1)));
    if(value === object) refuse(path, 'has a toJSON() that returns itself');
    parents.push(object);
    const copy = carry(value, trail);
    parents.pop();
    return copy;
}

function carryArray(array, trail){
    const copy = [];
    for(let i = 0; i < array.length; i++) copy.push(carryMember(array[i], i, trail));
    return copy;
}

function carryProperties(object, trail){
    const plain = unwrapPrimitive(object);
    if(plain !== object) return carry(plain, trail);
    const lost = lostKind(object);
    if(lost) refuse(trail.path, `is ${/^[AEIOU]/.test(lost) ? 'an' : 'a'} ${lost}`);
    const copy = {};
    for(const key of Object.keys(object)){
        const value = object[key];
        if(value === undefined) continue;
        count(key.length + 3, trail);
        setOwn(copy, key, carryMember(value, key, trail));
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
