/* service.js - services: values that every workspace, job and service reaches as `this.<name>`.
 *
 * A service is made afresh at every access, for the context of the object that asks. All of them
 * are getters on one prototype, defined once when the project is loaded: a run pays only for the
 * services that it touches. A later definition replaces an earlier one, so a project's own service
 * replaces a built-in one of that name.
 */
import { metaMethods } from 'pinstripe:registry';

export class ServiceConsumer {
    constructor(context){
        this.context = context;
    }
}

/* What a file of lib/services becomes. */
export class Service extends ServiceConsumer {
    create(){}
}

Object.assign(Service, metaMethods);

/* create(context) gives the value. Assigning to a service's name shadows it in that object only. */
export function defineService(name, create){
    Object.defineProperty(ServiceConsumer.prototype, name, {
        configurable: true,
        get(){
            return this.context && create(this.context);
        },
        set(value){
            const own = { value, writable: true, enumerable: true, configurable: true };
            Object.defineProperty(this, name, own);
        },
    });
}

export function defineProjectService(name, ServiceClass){
    defineService(name, context => new ServiceClass(context).create());
}
