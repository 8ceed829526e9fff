/* defer.js - a value that will be made when somebody awaits it.
 *
 * defer(fn) is a callable proxy on which any path of properties and calls is recorded. Awaiting it
 * calls fn, at each await again, and walks the path, awaiting each step.
 */
const PROMISE_METHODS = ['then', 'catch', 'finally'];

export function defer(fn){
    return record(fn, []);
}

function record(fn, path){
    return new Proxy(function deferred(){}, {
        get(target, key){
            if(typeof key == 'symbol') return undefined;
            if(PROMISE_METHODS.includes(key)) return (...args) => unwrap(fn, path)[key](...args);
            return record(fn, [...path, { key }]);
        },
        apply(target, self, args){
            return record(fn, [...path, { args }]);
        },
    });
}

async function unwrap(fn, path){
    let owner;
    let value = await fn();
    for(let i = 0; i < path.length; i++){
        const { key, args } = path[i];
        if(args){
            if(typeof value != 'function') throw notCallable(path, i, value);
            value = await Reflect.apply(value, owner, args);
            owner = undefined;
        } else {
            if(value === undefined || value === null) throw notThere(path, i, value);
            owner = value;
            value = await value[key];
        }
    }
    return value;
}

function notThere(path, i, value){
    const whole = pathText(path, i + 1);
    return new TypeError(`Can't unwrap deferred ${whole} (${pathText(path, i)} is ${value}).`);
}

function notCallable(path, i, value){
    const what = value === undefined || value === null ? `${value}` : 'not a function';
    return new TypeError(`Can't call deferred ${pathText(path, i)} (it is ${what}).`);
}

function pathText(path, length){
    const steps = path.slice(0, length).map(({ key, args }) => args ? '(...)' : `.${key}`);
    return ['object', ...steps].join('');
}
