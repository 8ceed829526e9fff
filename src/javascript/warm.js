/* warm.js - what nearly every run would make afresh, made once, so that the image has it.
 *
 * The engine makes a built-in function when somebody first looks at it, and keeps the layout of an
 * object (its prototype and the names of its properties, in order) as long as an object has it. A
 * run starts from the image, so each would pay for the same ones again. The objects kept here are
 * never used: they hold layouts, and nothing depends on them.
 */

import { Context } from 'pinstripe:context';

/* Built-in objects, and what is reached from them: all properties are looked at. */
function lookAtAll(...roots){
    const seen = new Set();
    while(roots.length){
        const object = roots.pop();
        if(object === null || (typeof object != 'object' && typeof object != 'function') || seen.has(object)) continue;
        seen.add(object);
        roots.push(Object.getPrototypeOf(object));
        for(const key of Reflect.ownKeys(object)){
            const { value, get, set } = Object.getOwnPropertyDescriptor(object, key);
            roots.push(value, get, set);
        }
    }
}

const kept = [];

/* An object for each beginning of `names`: the engine goes from one layout to the next. */
function keep(prototype, names, flags = { writable: true, enumerable: true, configurable: true }){
    for(let n = 0; n <= names.length; n++){
        const object = Object.create(prototype);
        for(const name of names.slice(0, n)) Object.defineProperty(object, name, { value: undefined, ...flags });
        kept.push(object);
    }
}

const functionPrototypes = [function(){}, async function(){}, function*(){}, async function*(){}].map(Object.getPrototypeOf);
const iterators = [[].values(), new Map().entries(), new Set().values(), ''[Symbol.iterator](), (function*(){})()];

lookAtAll(globalThis, ...functionPrototypes, ...iterators, (async function*(){})());

for(const prototype of functionPrototypes) keep(prototype, ['length', 'name'], { configurable: true });
for(const prototype of [Promise.prototype, Error.prototype, Context.prototype, ...iterators.map(Object.getPrototypeOf)]) keep(prototype, []);

/* Of the language, then of what the program and its JavaScript tell each other. */
for(const names of [
    [''], /* around what JSON.stringify() writes */
    ['value', 'done'],
    ['value', 'writable', 'enumerable', 'configurable'],
    ['path', 'ours', 'query', 'body', 'type', 'secrets'],
    ['path', 'ours', 'own'],
    ['_method', '_url', '_headers'],
    ['parent', 'root', 'tenantId', 'params', 'make', 'carry', 'data', 'forks'],
    ['head', 'body'],
    ['host'],
]) keep(Object.prototype, names);
